// Functions: those of the language, and the user's, which are unfolded.
#include "frontend/spec/SemaBase.h"
#include "frontend/spec/Suggest.h"

#include <utility>

using namespace bregman::spec;

static const std::map<std::string, Function> &functions() {
  static const std::map<std::string, Function> table = {
      {"exp", {Function::Elementwise, 1, 1, Op::Exp}},
      {"log", {Function::Elementwise, 1, 1, Op::Log}},
      {"log2", {Function::Elementwise, 1, 1, Op::Log2}},
      {"sqrt", {Function::Elementwise, 1, 1, Op::Sqrt}},
      {"tanh", {Function::Elementwise, 1, 1, Op::Tanh}},
      {"atanh", {Function::Elementwise, 1, 1, Op::Atanh}},
      {"sigmoid", {Function::Elementwise, 1, 1, Op::Sigmoid}},
      {"erf", {Function::Elementwise, 1, 1, Op::Erf}},
      {"atan", {Function::Elementwise, 1, 1, Op::Atan}},
      {"abs", {Function::Elementwise, 1, 1, Op::Abs}},
      {"floor", {Function::Elementwise, 1, 1, Op::Floor}},
      {"ceil", {Function::Elementwise, 1, 1, Op::Ceil}},
      {"round", {Function::Elementwise, 1, 1, Op::Round}},
      {"sign", {Function::Elementwise, 1, 1, Op::Sign}},
      {"sgn", {Function::Elementwise, 1, 1, Op::Sgn}},
      {"clamp", {Function::Elementwise, 3, 3, Op::Clamp}},
      {"min", {Function::Extreme, 1, 2, Op::Min, Op::ReduceMin}},
      {"max", {Function::Extreme, 1, 2, Op::Max, Op::ReduceMax}},
      {"sum", {Function::Reduction, 1, 1, Op::ReduceSum, Op::ReduceSum}},
      {"mean", {Function::Reduction, 1, 1, Op::ReduceMean, Op::ReduceMean}},
      {"std", {Function::Reduction, 1, 1, Op::ReduceStd, Op::ReduceStd}},
      {"softmax", {Function::AcrossLevels, 1, 1, Op::Softmax}},
      {"sparsemax", {Function::AcrossLevels, 1, 1, Op::Sparsemax}},
      {"hardmax", {Function::AcrossLevels, 1, 1, Op::Hardmax}},
      {"nearest", {Function::Lookup, 1, 2, Op::Nearest}},
      {"lower", {Function::Lookup, 1, 1, Op::Lower}},
      {"upper", {Function::Lookup, 1, 1, Op::Upper}},
      {"soft_nearest", {Function::Lookup, 2, 3, Op::SoftNearest}},
      {"ste", {Function::Surrogate, 2, 2, Op::Ste}},
      {"detach", {Function::Surrogate, 1, 1, Op::Ste}},
      {"grad", {Function::Gradient, 1, 1, Op::Grad}},
      {"inverse", {Function::Inverse, 1, 1, Op::Inverse}},
      {"random", {Function::Random, 0, 0, Op::Random}},
  };
  return table;
}

const Function *bregman::spec::functionNamed(const std::string &name) {
  auto found = functions().find(name);
  return found == functions().end() ? nullptr : &found->second;
}

std::vector<std::string> bregman::spec::functionNames() {
  std::vector<std::string> result;
  for (const auto &[name, function] : functions())
    result.push_back(name);
  return result;
}

static std::string count(size_t number, const std::string &noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

const Node *Analyzer::call(const ast::Expr &written) {
  auto found = names.find(written.name);
  bool declared = found != names.end() && found->second.index < visible;
  if (declared && found->second.function) {
    found->second.used = true;
    return userCall(written, found->second);
  }
  if (const Function *function = functionNamed(written.name))
    return builtinCall(written, *function);
  if (found != names.end() && (declared || found->second.predeclared)) {
    if (!found->second.poisoned)
      error("Q2", written.nameRange,
            "'" + written.name + "' is no function; a product is written with '*'");
    return invalid(written.range);
  }
  std::vector<std::string> candidates = functionNames();
  for (const auto &[name, entry] : names)
    if (entry.function)
      candidates.push_back(name);
  std::string here = writtenHere(written.name);
  error("Q2", written.nameRange,
        "there is no function '" + written.name + "'" +
            (here.empty() ? didYouMean(written.name, candidates) : "; it is written " + here));
  return invalid(written.range);
}

const Node *Analyzer::userCall(const ast::Expr &written, const Entry &entry) {
  constexpr size_t mostNodes = 100000;
  const ast::Let &let = *entry.function;
  if (written.where || written.per) {
    error("Q3", written.where ? written.where->range : written.per->range,
          "'where' and 'per' belong to sum, mean, min, max and std; '" + written.name +
              "' is declared by 'let'");
    return invalid(written.range);
  }
  std::vector<const Node *> values;
  bool valid = !entry.poisoned;
  for (const auto &operand : written.operands) {
    values.push_back(expr(*operand));
    valid &= values.back()->type.valid();
  }
  if (values.size() != let.parameters.size()) {
    error("Q3", written.range,
          "'" + written.name + "' takes " + count(let.parameters.size(), "argument") + ", got " +
              std::to_string(values.size()))
        .note(source, let.name.range, "declared here");
    return invalid(written.range);
  }
  if (!valid || unfoldsTooFar)
    return invalid(written.range);
  if (nodes.size() > mostNodes) {
    unfoldsTooFar = true;
    error(written.range, "this unfolds to more than " + std::to_string(mostNodes) + " operations");
    return invalid(written.range);
  }
  std::map<std::string, const Node *> own;
  for (size_t index = 0; index < values.size(); ++index)
    own[let.parameters[index].text] = values[index];
  std::swap(arguments, own);
  size_t outer = std::exchange(visible, entry.index);
  calls.push_back({written.name, written.range});
  const Node *result = expr(*let.value);
  calls.pop_back();
  visible = outer;
  std::swap(arguments, own);
  return result;
}

const Node *Analyzer::builtinCall(const ast::Expr &written, const Function &function) {
  bool reduces = function.kind == Function::Extreme || function.kind == Function::Reduction;
  if ((written.where || written.per) && !reduces) {
    error("Q3", written.where ? written.where->range : written.per->range,
          "'where' and 'per' belong to sum, mean, min, max and std, not to '" + written.name + "'");
    return invalid(written.range);
  }
  size_t given = written.operands.size();
  if (given < function.least || given > function.most) {
    error("Q3", written.range,
          "'" + written.name + "' takes " +
              (function.most ? count(function.least, "argument") : "no argument") +
              (function.most > function.least ? " or " + std::to_string(function.most) : "") +
              ", got " + std::to_string(given));
    return invalid(written.range);
  }
  if (written.per || written.where)
    return reduction(written, function);
  if (function.kind == Function::Gradient)
    return gradientOf(written);
  if (function.kind == Function::Random) {
    Node *node = make(Op::Random, {Type::Weight, 0, false}, written.range);
    node->dependencies = DependsOnRandom;
    return node;
  }
  if (function.kind == Function::Lookup)
    return lookup(written, function);

  std::vector<const Node *> operands;
  std::vector<SourceRange> places;
  bool valid = true;
  for (const auto &operand : written.operands) {
    operands.push_back(number(*operand, "an argument of '" + written.name + "'", -1));
    places.push_back(operand->range);
    valid &= operands.back()->type.valid();
  }
  if (!valid)
    return invalid(written.range);

  const Type &first = operands[0]->type;
  if (reduces && given == 1) {
    if (!first.levels) {
      error("Q3", written.range,
            "'" + written.name + "' of one value narrows the level axis, which this does not have")
          .note("over weights it is '" + written.name + "(... per tensor)'");
      return invalid(written.range);
    }
    if (function.reduction == Op::ReduceStd && first.levels == 1) {
      error("Q3", written.range, "'std' needs two levels or more");
      return invalid(written.range);
    }
    return make(function.reduction, {Type::Weight, 0, false, first.shared()}, written.range,
                std::move(operands));
  }
  if (function.kind == Function::Inverse) {
    Node *node =
        make(Op::Inverse, {Type::Weight, first.levels, false}, written.range, std::move(operands));
    node->dependencies |= DependsOnInverse;
    return node;
  }
  if (function.kind == Function::AcrossLevels) {
    if (!first.levels) {
      error("Q3", places[0],
            "'" + written.name + "' takes a value with a level axis; this is " + describe(first));
      return invalid(written.range);
    }
    return make(function.op, first, written.range, std::move(operands));
  }
  if (function.kind == Function::Surrogate && given == 1) { // detach(v) = ste(v, 0)
    operands.push_back(make(Op::Constant, {Type::Host, 0, false}, written.range));
    places.push_back(written.range);
  }
  return elementwise(function.op, written.range, std::move(operands), places);
}

/// sum(e [where c] per X) and the like, over weights.
const Node *Analyzer::reduction(const ast::Expr &written, const Function &function) {
  const std::string named = "'" + written.name + "'";
  if (inConstraint) {
    error("Q3", written.per ? written.per->range : written.where->range,
          "in a constraint " + named + " is over the class axis; what is left is averaged");
    return invalid(written.range);
  }
  if (written.operands.size() != 1) {
    error("Q3", written.range,
          named + " over weights takes 1 argument, got " + std::to_string(written.operands.size()));
    return invalid(written.range);
  }
  std::vector<const Node *> operands = {
      number(*written.operands[0], "an argument of " + named, -1)};
  bool valid = operands[0]->type.valid();
  if (written.where) {
    const ast::Expr &place = *written.where;
    operands.push_back(expr(place));
    const Type &type = operands[1]->type;
    valid &= type.valid();
    if (type.valid() && (!type.condition || type.levels)) {
      error("Q3", place.range,
            "'where' takes a condition" +
                std::string(type.condition ? " without a level axis" : "") + "; this is " +
                describe(type));
      valid = false;
    }
  }
  if (!written.per) {
    error("Q3", written.range,
          "'where' chooses weights; say of what: " + written.name + "(... where ... per tensor)");
    return invalid(written.range);
  }
  std::optional<Extent> per = extent(*written.per);
  if (per && per->kind == Extent::Run) {
    error("Q3", written.per->range,
          named + " is per tensor, channel or group; no value is computed over all tensors");
    return invalid(written.range);
  }
  if (!valid || !per)
    return invalid(written.range);
  Type type{Type::Weight, operands[0]->type.levels, false, *per};
  Node *node = make(function.reduction, type, written.range, std::move(operands));
  node->per = per;
  return node;
}

/// grad(n)
const Node *Analyzer::gradientOf(const ast::Expr &written) {
  const ast::Expr &of = *written.operands[0];
  const Node *target = expr(of);
  if (!target->type.valid())
    return target;
  // Without `project` the weight is the latent itself.
  bool named = target->op == Op::Declared && of.kind == ast::ExprKind::Name &&
               (target->declaration->kind == DeclarationKind::Target ||
                target->declaration->kind == DeclarationKind::Weight ||
                target->declaration->kind == DeclarationKind::Learned);
  if (!named) {
    error("Q16", of.range,
          "'grad' takes the name of the target of 'project', of a learned value, "
          "or w");
    return invalid(written.range);
  }
  Node *node = make(Op::Grad, target->type, written.range, {target});
  node->dependencies |= DependsOnGradient;
  return node;
}

/// nearest(e[, set]), lower(e), upper(e), soft_nearest(e, T[, set])
const Node *Analyzer::lookup(const ast::Expr &written, const Function &function) {
  bool hasSet = written.operands.size() == function.most && function.most > function.least;
  size_t plain = written.operands.size() - hasSet;
  std::vector<const Node *> operands;
  std::vector<SourceRange> places;
  bool valid = true;
  for (size_t index = 0; index < plain; ++index) {
    operands.push_back(
        number(*written.operands[index], "an argument of '" + written.name + "'", /*levels=*/0));
    places.push_back(written.operands[index]->range);
    valid &= operands.back()->type.valid();
  }
  const Node *set = nullptr;
  if (hasSet) {
    const ast::Expr &given = *written.operands.back();
    set = expr(given);
    if (set->type.valid() && (!set->type.levels || set->type.condition)) {
      error("Q3", given.range,
            "the set of '" + written.name + "' has a level axis; this is " + describe(set->type));
      valid = false;
    }
  } else if (!levels && !levelsFunction) {
    if (!levelsRefused)
      error("Q2", written.range,
            absent.count("levels") ? absent["levels"]
                                   : "'" + written.name +
                                         "' needs 'levels', which are not "
                                         "declared");
    return invalid(written.range);
  } else if (valid) {
    set = levelsOf(operands[0]);
  }
  if (!valid || !set || !set->type.valid())
    return invalid(written.range);
  operands.push_back(set);
  places.push_back(hasSet ? written.operands.back()->range : written.range);
  Type type{Type::Weight, 0, false};
  if (!narrow(type.extent, operands, places))
    return invalid(written.range);
  return make(function.op, type, written.range, std::move(operands));
}
