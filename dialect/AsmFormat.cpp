// Parsing and printing of the custom directives.
#include "dialect/AsmFormat.h"

#include "llvm/Support/Format.h"

using namespace mlir;
using namespace bregman;

static ParseResult parseName(OpAsmParser &parser, SmallVectorImpl<Attribute> &names) {
  std::string name;
  if (parser.parseKeywordOrString(&name))
    return failure();
  names.push_back(parser.getBuilder().getStringAttr(name));
  return success();
}

static ParseResult parseArguments(OpAsmParser &parser,
                                  SmallVectorImpl<OpAsmParser::Argument> &arguments,
                                  ArrayAttr &names) {
  SmallVector<Attribute> list;
  auto one = [&]() -> ParseResult {
    if (parseName(parser, list) || parser.parseEqual())
      return failure();
    return parser.parseArgument(arguments.emplace_back(), /*allowType=*/true);
  };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::OptionalParen, one))
    return failure();
  names = parser.getBuilder().getArrayAttr(list);
  return success();
}

static void printArguments(OpAsmPrinter &printer, Region &body, ArrayAttr names) {
  if (body.getNumArguments() == 0)
    return;
  printer << "(";
  llvm::interleaveComma(llvm::zip(names, body.getArguments()), printer, [&](auto pair) {
    printer.printKeywordOrString(cast<StringAttr>(std::get<0>(pair)).getValue());
    printer << " = ";
    printer.printRegionArgument(std::get<1>(pair));
  });
  printer << ") ";
}

/// Regions print their terminators, which carry the results; arguments are printed by the op.
static void printBody(OpAsmPrinter &printer, Region &body) {
  printer.printRegion(body, /*printEntryBlockArgs=*/false, /*printBlockTerminators=*/true);
}

/// An empty body is one block without operations.
static void ensureBlock(Region &body) {
  if (body.empty())
    body.emplaceBlock();
}

ParseResult format::parseNamedBody(OpAsmParser &parser, Region &body, ArrayAttr &names) {
  SmallVector<OpAsmParser::Argument> arguments;
  if (parseArguments(parser, arguments, names) || parser.parseRegion(body, arguments))
    return failure();
  ensureBlock(body);
  return success();
}

void format::printNamedBody(OpAsmPrinter &printer, Operation *, Region &body, ArrayAttr names) {
  printArguments(printer, body, names);
  printBody(printer, body);
}

ParseResult format::parseOptionalNamedBody(OpAsmParser &parser, Region &body, ArrayAttr &names) {
  SmallVector<OpAsmParser::Argument> arguments;
  if (parseArguments(parser, arguments, names))
    return failure();
  OptionalParseResult result = parser.parseOptionalRegion(body, arguments);
  if (!result.has_value()) {
    names = {};
    return success();
  }
  return *result;
}

void format::printOptionalNamedBody(OpAsmPrinter &printer, Operation *op, Region &body,
                                    ArrayAttr names) {
  if (!body.empty())
    printNamedBody(printer, op, body, names);
}

ParseResult format::parseNamedTypedBody(OpAsmParser &parser, Region &body, ArrayAttr &names,
                                        Type &type) {
  SmallVector<OpAsmParser::Argument> arguments;
  return failure(parseArguments(parser, arguments, names) || parser.parseColonType(type) ||
                 parser.parseRegion(body, arguments));
}

void format::printNamedTypedBody(OpAsmPrinter &printer, Operation *, Region &body, ArrayAttr names,
                                 Type type) {
  printArguments(printer, body, names);
  printer << ": " << type << " ";
  printBody(printer, body);
}

ParseResult format::parseNamedValues(OpAsmParser &parser, SmallVectorImpl<Operand> &values,
                                     SmallVectorImpl<Type> &types, ArrayAttr &names) {
  SmallVector<Attribute> list;
  // A value that starts with % has no name.
  OptionalParseResult first = parser.parseOptionalOperand(values.emplace_back());
  if (first.has_value()) {
    names = parser.getBuilder().getArrayAttr({});
    return failure(*first || parser.parseColonType(types.emplace_back()));
  }
  values.pop_back();
  std::string name;
  if (failed(parser.parseOptionalKeywordOrString(&name))) {
    names = parser.getBuilder().getArrayAttr({});
    return success();
  }
  list.push_back(parser.getBuilder().getStringAttr(name));
  if (parser.parseEqual() || parser.parseOperand(values.emplace_back()))
    return failure();
  while (succeeded(parser.parseOptionalComma()))
    if (parseName(parser, list) || parser.parseEqual() ||
        parser.parseOperand(values.emplace_back()))
      return failure();
  names = parser.getBuilder().getArrayAttr(list);
  return parser.parseColonTypeList(types);
}

void format::printNamedValues(OpAsmPrinter &printer, Operation *, OperandRange values,
                              TypeRange types, ArrayAttr names) {
  if (values.empty())
    return;
  if (names.empty()) {
    printer << values << " : " << types;
    return;
  }
  llvm::interleaveComma(llvm::zip(names, values), printer, [&](auto pair) {
    printer.printKeywordOrString(cast<StringAttr>(std::get<0>(pair)).getValue());
    printer << " = " << std::get<1>(pair);
  });
  printer << " : " << types;
}

ParseResult format::parseDescend(OpAsmParser &parser, Operand &step, Type &stepType,
                                 SmallVectorImpl<Operand> &states, SmallVectorImpl<Type> &types,
                                 ArrayAttr &names) {
  SmallVector<Attribute> list;
  if (parser.parseOperand(step))
    return failure();
  while (succeeded(parser.parseOptionalComma()))
    if (parseName(parser, list) || parser.parseEqual() ||
        parser.parseOperand(states.emplace_back()))
      return failure();
  names = parser.getBuilder().getArrayAttr(list);
  if (parser.parseColonTypeList(types))
    return failure();
  if (types.empty())
    return parser.emitError(parser.getCurrentLocation(), "expected the type of the step");
  stepType = types.front();
  types.erase(types.begin());
  return success();
}

void format::printDescend(OpAsmPrinter &printer, Operation *, Value step, Type stepType,
                          OperandRange states, TypeRange types, ArrayAttr names) {
  printer << step;
  for (auto [name, state] : llvm::zip(names, states)) {
    printer << ", ";
    printer.printKeywordOrString(cast<StringAttr>(name).getValue());
    printer << " = " << state;
  }
  printer << " : " << stepType;
  for (Type type : types)
    printer << ", " << type;
}

ParseResult format::parseNumber(OpAsmParser &parser, FloatAttr &number) {
  bool negative = succeeded(parser.parseOptionalMinus());
  double value = std::numeric_limits<double>::infinity();
  if (failed(parser.parseOptionalKeyword("inf")) && parser.parseFloat(value))
    return failure();
  number = parser.getBuilder().getF64FloatAttr(negative ? -value : value);
  return success();
}

void format::printNumber(OpAsmPrinter &printer, Operation *, FloatAttr number) {
  if (!number)
    return;
  double value = number.getValueAsDouble();
  if (std::isinf(value)) {
    printer << (value < 0 ? "-inf" : "inf");
    return;
  }
  // The shortest of the usual precisions that reads back as the same double.
  SmallString<32> text;
  for (unsigned digits : {7u, 16u, 17u}) {
    text.clear();
    llvm::raw_svector_ostream(text) << llvm::format("%.*e", digits - 1, value);
    if (std::strtod(text.c_str(), nullptr) == value)
      break;
  }
  printer << text;
}

ParseResult format::parseParity(OpAsmParser &parser, IntegerAttr &parity) {
  int32_t value = 0;
  SMLoc place = parser.getCurrentLocation();
  if (parser.parseInteger(value))
    return failure();
  if (value != 1 && value != -1)
    return parser.emitError(place, "expected parity 1 or -1");
  parity = parser.getBuilder().getI32IntegerAttr(value);
  return success();
}

void format::printParity(OpAsmPrinter &printer, Operation *, IntegerAttr parity) {
  if (parity)
    printer << parity.getInt();
}

ParseResult format::parseExtent(OpAsmParser &parser, ExtentAttr &extent) {
  StringRef keyword;
  SMLoc place = parser.getCurrentLocation();
  if (parser.parseKeyword(&keyword))
    return failure();
  std::optional<Scope> scope = symbolizeScope(keyword);
  if (!scope)
    return parser.emitError(place, "expected run, tensor, channel, group(n) or token, got ")
           << keyword;
  int64_t size = 0;
  if (*scope == Scope::Group &&
      (parser.parseLParen() || parser.parseInteger(size) || parser.parseRParen()))
    return failure();
  if (*scope == Scope::Group && size < 1)
    return parser.emitError(place, "expected a group of one weight or more, got ") << size;
  extent = ExtentAttr::get(parser.getContext(), *scope, size);
  return success();
}

void format::printExtent(OpAsmPrinter &printer, Operation *, ExtentAttr extent) {
  if (!extent)
    return;
  printer << stringifyScope(extent.getScope());
  if (extent.getScope() == Scope::Group)
    printer << "(" << extent.getSize() << ")";
}

ParseResult format::parseKernelSignature(OpAsmParser &parser, Region &body, ArrayAttr &scalars,
                                         ArrayAttr &streams, ArrayAttr &access, ArrayAttr &storage,
                                         ArrayAttr &extents) {
  Builder &builder = parser.getBuilder();
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<Attribute> scalarNames, streamNames, accesses, types, extentList;
  auto scalar = [&]() -> ParseResult {
    if (parseName(parser, scalarNames) || parser.parseEqual() ||
        parser.parseArgument(arguments.emplace_back()))
      return failure();
    arguments.back().type = builder.getF32Type();
    return success();
  };
  auto stream = [&]() -> ParseResult {
    if (parseName(parser, streamNames) || parser.parseEqual() ||
        parser.parseArgument(arguments.emplace_back()) || parser.parseColon())
      return failure();
    StringRef keyword;
    Type type;
    SMLoc place = parser.getCurrentLocation();
    if (parser.parseKeyword(&keyword))
      return failure();
    if (!llvm::is_contained({"in", "out", "inout"}, keyword) && !symbolizeReduction(keyword))
      return parser.emitError(place, "expected in, out, inout or a reduction, got ") << keyword;
    if (parser.parseType(type))
      return failure();
    ExtentAttr extent;
    if (succeeded(parser.parseOptionalKeyword("per")) && parseExtent(parser, extent))
      return failure();
    extentList.push_back(extent ? Attribute(extent) : builder.getUnitAttr());
    accesses.push_back(builder.getStringAttr(keyword));
    types.push_back(TypeAttr::get(type));
    arguments.back().type = withElement(type, builder.getF32Type());
    return success();
  };
  if (parser.parseKeyword("scalars") ||
      parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, scalar) ||
      parser.parseKeyword("streams") ||
      parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, stream) ||
      parser.parseRegion(body, arguments))
    return failure();
  scalars = builder.getArrayAttr(scalarNames);
  streams = builder.getArrayAttr(streamNames);
  access = builder.getArrayAttr(accesses);
  storage = builder.getArrayAttr(types);
  extents = builder.getArrayAttr(extentList);
  return success();
}

void format::printKernelSignature(OpAsmPrinter &printer, Operation *op, Region &body,
                                  ArrayAttr scalars, ArrayAttr streams, ArrayAttr access,
                                  ArrayAttr storage, ArrayAttr extents) {
  auto arguments = body.getArguments();
  printer << "scalars (";
  llvm::interleaveComma(llvm::enumerate(scalars), printer, [&](auto entry) {
    printer.printKeywordOrString(cast<StringAttr>(entry.value()).getValue());
    printer << " = " << arguments[entry.index()];
  });
  printer << ") streams (";
  llvm::interleaveComma(llvm::enumerate(streams), printer, [&](auto entry) {
    size_t index = entry.index();
    printer.printKeywordOrString(cast<StringAttr>(entry.value()).getValue());
    printer << " = " << arguments[scalars.size() + index] << " : "
            << cast<StringAttr>(access[index]).getValue() << " "
            << cast<TypeAttr>(storage[index]).getValue();
    if (auto extent = dyn_cast<ExtentAttr>(extents[index])) {
      printer << " per ";
      printExtent(printer, op, extent);
    }
  });
  printer << ") ";
  printBody(printer, body);
}

ParseResult format::parseSweep(OpAsmParser &parser, Region &body, SmallVectorImpl<Operand> &reads,
                               SmallVectorImpl<Type> &types) {
  SmallVector<OpAsmParser::Argument> arguments;
  auto one = [&]() -> ParseResult {
    return failure(parser.parseArgument(arguments.emplace_back()) || parser.parseEqual() ||
                   parser.parseOperand(reads.emplace_back()));
  };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, one))
    return failure();
  if (!reads.empty() && parser.parseColonTypeList(types))
    return failure();
  if (types.size() != arguments.size())
    return parser.emitError(parser.getCurrentLocation(), "expected ")
           << arguments.size() << " types, got " << types.size();
  for (auto [argument, type] : llvm::zip(arguments, types))
    argument.type = type;
  return parser.parseRegion(body, arguments);
}

void format::printSweep(OpAsmPrinter &printer, Operation *, Region &body, OperandRange reads,
                        TypeRange types) {
  printer << "(";
  llvm::interleaveComma(llvm::zip(body.getArguments(), reads), printer, [&](auto pair) {
    printer << std::get<0>(pair) << " = " << std::get<1>(pair);
  });
  printer << ") ";
  if (!types.empty())
    printer << ": " << types << " ";
  printBody(printer, body);
}
