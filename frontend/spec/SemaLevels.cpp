// Codebooks that are functions of what is quantized: `levels(v) E where a = ...`, unfolded wherever
// a level is looked up, and the unknowns that `fit` finds.
#include "frontend/spec/SemaBase.h"

#include <algorithm>
#include <utility>

using namespace bregman::spec;

const Node *Analyzer::levelsOf(const Node *value) {
  if (!levelsFunction)
    return levels;
  // A declared name is one value, however often it is written.
  const void *key = value->op == Op::Declared ? static_cast<const void *>(value->declaration)
                                              : static_cast<const void *>(value);
  auto [found, inserted] = unfolded.emplace(key, nullptr);
  if (inserted)
    found->second = unfoldLevels(*levelsFunction, value);
  return unfolded[key];
}

const Node *Analyzer::unfoldLevels(const ast::Levels &written, const Node *value) {
  std::map<std::string, const Node *> own;
  if (written.variable)
    own[written.variable->text] = value;
  std::swap(arguments, own);
  size_t outer = std::exchange(visible, levelsIndex);
  const Node *result = bind(written, 0);
  visible = outer;
  std::swap(arguments, own);
  return result;
}

/// The codebook with the names that are bound from `index` on.
const Node *Analyzer::bind(const ast::Levels &written, size_t index) {
  if (index == written.where.size())
    return expr(*written.value);
  const ast::Binding &binding = written.where[index];
  if (binding.fit)
    return fitOf(written, index);
  const ast::Axis &axis = binding.names.front();
  const Node *value = number(*binding.value, "'" + axis.name.text + "'", axis.level ? -1 : 0);
  if (axis.level && value->type.valid() && !value->type.levels) {
    error("Q3", binding.value->range,
          "'" + axis.name.text + "[level]' has a level axis; this is " + describe(value->type));
    value = invalid(binding.value->range);
  }
  arguments[axis.name.text] = value;
  return bind(written, index + 1);
}

namespace {

/// Whether a value is an affine function of the unknowns; `reads` says whether it reads them.
struct Affine {
  const std::vector<const Declaration *> &unknowns;
  const Node *culprit = nullptr;
  std::map<const Node *, bool> known;

  bool reads(const Node *node) {
    auto found = known.find(node);
    if (found != known.end())
      return found->second;
    bool result =
        node->declaration && std::ranges::find(unknowns, node->declaration) != unknowns.end();
    for (const Node *operand : node->operands)
      result |= reads(operand);
    known[node] = result;
    if (result && !culprit && !keeps(*node))
      culprit = node;
    return result;
  }

  /// Whether the node is affine in operands that are.
  bool keeps(const Node &node) {
    auto read = [&](size_t index) { return reads(node.operands[index]); };
    switch (node.op) {
    case Op::Declared:
    case Op::Negate:
    case Op::Add:
    case Op::Sub:
    case Op::Set:
      return true;
    case Op::ReduceSum:
    case Op::ReduceMean:
      return !node.per;
    case Op::Mul:
      return !read(0) || !read(1);
    case Op::Div:
      return !read(1);
    case Op::Select:
      return !read(0);
    default:
      return false;
    }
  }
};

} // namespace

/// What stands behind a `fit` that was refused is still looked at.
const Node *Analyzer::refuseFit(const ast::Levels &written, size_t index) {
  const ast::Binding &binding = written.where[index];
  for (const ast::Axis &axis : binding.names)
    arguments[axis.name.text] = invalid(axis.name.range);
  bind(written, index + 1);
  return invalid(binding.fit->range);
}

/// tuple "=" "fit" "(" expr [ "weighted" expr ] "per" extent ")" "from" start "rounds" expr
const Node *Analyzer::fitOf(const ast::Levels &written, size_t index) {
  const ast::Binding &binding = written.where[index];
  const ast::Fit &fit = *binding.fit;
  for (size_t later = index + 1; later < written.where.size(); ++later)
    if (written.where[later].fit) {
      error(written.where[later].fit->range, "one 'fit' finds all unknowns of the levels")
          .note("write (a, b) = fit(...) from (a0, b0)");
      return invalid(fit.range);
    }

  if (fit.start.size() != binding.names.size()) {
    error("Q2", {fit.start.front()->range.begin, fit.start.back()->range.end},
          "'fit' needs a start for each of its " + std::to_string(binding.names.size()) +
              " unknowns; here " + (fit.start.size() == 1 ? "is " : "are ") +
              std::to_string(fit.start.size()))
        .note(source, {binding.names.front().name.range.begin, binding.names.back().name.range.end},
              "these are unknown");
    return refuseFit(written, index);
  }

  std::vector<const Node *> operands = {number(*fit.value, "what is fitted", 0)};
  bool valid = operands[0]->type.valid();
  std::optional<Extent> per = extent(fit.per);
  if (per && per->kind == Extent::Run) {
    error("Q3", fit.per.range, "'fit' is per tensor, channel or group");
    per.reset();
  }
  valid &= per.has_value();
  for (size_t unknown = 0; unknown < binding.names.size(); ++unknown) {
    const ast::Axis &axis = binding.names[unknown];
    const ast::Expr &place = *fit.start[unknown];
    std::string what = "the start of '" + axis.name.text + "'";
    const Node *start = number(place, what, axis.level ? -1 : 0);
    valid &= start->type.valid();
    if (start->type.valid() && axis.level && !start->type.levels) {
      error("Q3", place.range, what + " has a level axis; this is " + describe(start->type));
      valid = false;
    }
    if (start->type.valid() && per)
      valid &= fits(start, *per, place.range, what);
    operands.push_back(start);
  }
  const Node *weight = fit.weight ? number(*fit.weight, "the weight of 'fit'", 0) : nullptr;
  valid &= !weight || weight->type.valid();
  std::optional<double> rounds = structural(*fit.rounds, "'rounds'");
  if (rounds && (*rounds < 1 || *rounds > 32)) {
    error(fit.rounds->range, "'rounds' is an integer from 1 to 32");
    valid = false;
  }
  if (!valid || !rounds)
    return refuseFit(written, index);

  std::vector<const Declaration *> unknowns;
  for (size_t unknown = 0; unknown < binding.names.size(); ++unknown) {
    const ast::Name &name = binding.names[unknown].name;
    declarations.push_back({});
    Declaration &declaration = declarations.back();
    declaration.kind = DeclarationKind::Unknown;
    declaration.name = name.text;
    declaration.range = name.range;
    declaration.type = {Type::Weight, operands[unknown + 1]->type.levels, false, *per};
    Node *node = make(Op::Declared, declaration.type, name.range);
    node->declaration = &declaration;
    unknowns.push_back(&declaration);
    arguments[name.text] = node;
  }
  const Node *body = bind(written, index + 1);
  if (!body->type.valid())
    return body;
  if (!body->type.levels || body->type.condition)
    return body; // said where `levels` is
  Affine affine{unknowns, nullptr, {}};
  affine.reads(body);
  if (affine.culprit) {
    error(affine.culprit->range, "the levels are affine in the unknowns of 'fit'; this is not")
        .note(source, fit.range, "they are found here");
    return invalid(fit.range);
  }

  if (weight)
    operands.push_back(weight);
  Node *made = make(Op::Fit, body->type, fit.range, operands);
  made->per = per;
  made->unknowns = unknowns;
  made->body = body;
  made->rounds = static_cast<int>(*rounds);
  made->weighted = weight != nullptr;
  made->dependencies |= body->dependencies;
  for (size_t unknown = 0; unknown < unknowns.size(); ++unknown) {
    const ast::Name &name = binding.names[unknown].name;
    Node *result = make(Op::FitResult, unknowns[unknown]->type, name.range, {made});
    result->number = static_cast<double>(unknown);
    result->name = name.text;
    arguments[name.text] = result;
  }
  return bind(written, index + 1);
}
