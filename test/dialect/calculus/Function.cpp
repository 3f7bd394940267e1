// Parsing and interpreting of the tests' functions.
#include "Function.h"

#include "dialect/calculus/Reverse.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::test;

Function::Function(ArrayRef<StringRef> types, StringRef op) {
  DialectRegistry registry;
  registerBregmanDialects(registry);
  registry.insert<func::FuncDialect>();
  context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects(); // derivatives are made of ops of every dialect
  std::string text = "func.func @f(";
  for (auto [i, type] : llvm::enumerate(types))
    text += (i ? ", %" : "%") + std::string(1, char('a' + i)) + ": " + type.str();
  text += ") {\n  %r = " + op.str() + "\n  return\n}\n";
  module = parseSourceString<ModuleOp>(text, context.get());
  if (!module)
    llvm::report_fatal_error(llvm::Twine("test function does not parse: ") + text);
  function = *module->getOps<func::FuncOp>().begin();
  calculusOp = dyn_cast<CalculusOpInterface>(&function.getBody().front().front());
  if (!calculusOp)
    llvm::report_fatal_error(llvm::Twine("no calculus: ") + op);
}

Function::~Function() = default;

std::vector<size_t> Function::sizes() const {
  std::vector<size_t> all;
  for (Type type : const_cast<func::FuncOp &>(function).getArgumentTypes())
    all.push_back(levelCount(type));
  return all;
}

size_t Function::arity() const {
  size_t sum = 0;
  for (size_t size : sizes())
    sum += size;
  return sum;
}

size_t Function::results() const {
  return levelCount(const_cast<CalculusOpInterface &>(calculusOp)->getResult(0).getType());
}

/// Evaluates `values`, the block's arguments being `arguments` followed by `extra`.
Point Function::run(ValueRange values, const Point &arguments, const Point &extra) {
  DenseMap<Value, Point> known;
  Point inputs = arguments;
  inputs.insert(inputs.end(), extra.begin(), extra.end());
  auto next = inputs.begin();
  for (BlockArgument argument : function.getBody().getArguments()) {
    size_t size = levelCount(argument.getType());
    known[argument] = Point(next, next + size);
    next += size;
  }
  for (Operation &op : function.getBody().front().without_terminator()) {
    EXPECT_TRUE(succeeded(verify(&op)));
    Point operands;
    for (Value operand : op.getOperands())
      operands.insert(operands.end(), known[operand].begin(), known[operand].end());
    Point result(levelCount(op.getResult(0).getType()));
    cast<CalculusOpInterface>(&op).evaluate(operands, result);
    known[op.getResult(0)] = result;
  }
  Point all;
  for (Value value : values)
    all.insert(all.end(), known[value].begin(), known[value].end());
  return all;
}

Point Function::evaluate(const Point &arguments) {
  return run(operation()->getResult(0), arguments, {});
}

Point Function::transposed(const Point &arguments, const Point &cotangent) {
  Block &block = function.getBody().front();
  Type type = operation()->getResult(0).getType();
  SmallVector<Value> leaves(block.getArguments());
  Value c = block.addArgument(type, operation()->getLoc());
  OpBuilder builder(block.getTerminator());
  SmallVector<Value> parts;
  EXPECT_TRUE(succeeded(differentiate(builder, operation()->getResult(0), c, leaves, parts)));
  Point all;
  for (auto [leaf, part] : llvm::zip(leaves, parts)) {
    Point values = part ? run(part, arguments, cotangent) : Point(levelCount(leaf.getType()), 0.0);
    EXPECT_TRUE(!part || part.getType() == leaf.getType());
    all.insert(all.end(), values.begin(), values.end());
  }
  while (&block.front() != operation() || operation()->getNextNode() != block.getTerminator())
    block.getTerminator()->getPrevNode()->erase();
  block.eraseArgument(block.getNumArguments() - 1);
  return all;
}

Point Function::inverse(unsigned operand, const Point &arguments, const Point &result) {
  Block &block = function.getBody().front();
  Value r = block.addArgument(operation()->getResult(0).getType(), operation()->getLoc());
  OpBuilder builder(block.getTerminator());
  FailureOr<Value> value = calculusOp.inverse(builder, operand, r);
  Point found = succeeded(value) ? run(*value, arguments, result) : Point{};
  while (operation()->getNextNode() != block.getTerminator())
    block.getTerminator()->getPrevNode()->erase();
  block.eraseArgument(block.getNumArguments() - 1);
  return found;
}
