// The custom directives of the dialect's assembly formats.
#pragma once

#include "dialect/BregmanDialect.h"

namespace bregman::format {

using namespace mlir;
using Operand = OpAsmParser::UnresolvedOperand;

/// `(g = %g : f32, x = %x : f32) { ... }`; the parentheses are left out where there is no argument.
ParseResult parseNamedBody(OpAsmParser &parser, Region &body, ArrayAttr &names);
void printNamedBody(OpAsmPrinter &printer, Operation *op, Region &body, ArrayAttr names);

/// The same where there may be no region at all.
ParseResult parseOptionalNamedBody(OpAsmParser &parser, Region &body, ArrayAttr &names);
void printOptionalNamedBody(OpAsmPrinter &printer, Operation *op, Region &body, ArrayAttr names);

/// `(w0 = %w0 : f32) : f32 { ... }`.
ParseResult parseNamedTypedBody(OpAsmParser &parser, Region &body, ArrayAttr &names, Type &type);
void printNamedTypedBody(OpAsmPrinter &printer, Operation *op, Region &body, ArrayAttr names,
                         Type type);

/// `x = %x1, m = %m1 : f32, f32`, `%0 : f32`, or nothing.
ParseResult parseNamedValues(OpAsmParser &parser, SmallVectorImpl<Operand> &values,
                             SmallVectorImpl<Type> &types, ArrayAttr &names);
void printNamedValues(OpAsmPrinter &printer, Operation *op, OperandRange values, TypeRange types,
                      ArrayAttr names);

/// `%d, m = %m1 : f32, f32`.
ParseResult parseDescend(OpAsmParser &parser, Operand &step, Type &stepType,
                         SmallVectorImpl<Operand> &states, SmallVectorImpl<Type> &types,
                         ArrayAttr &names);
void printDescend(OpAsmPrinter &printer, Operation *op, Value step, Type stepType,
                  OperandRange states, TypeRange types, ArrayAttr names);

/// A double, infinities as `inf` and `-inf`.
ParseResult parseNumber(OpAsmParser &parser, FloatAttr &number);
void printNumber(OpAsmPrinter &printer, Operation *op, FloatAttr number);

/// `1` or `-1`.
ParseResult parseParity(OpAsmParser &parser, IntegerAttr &parity);
void printParity(OpAsmPrinter &printer, Operation *op, IntegerAttr parity);

/// `tensor`, `group(64)`.
ParseResult parseExtent(OpAsmParser &parser, ExtentAttr &extent);
void printExtent(OpAsmPrinter &printer, Operation *op, ExtentAttr extent);

/// `scalars (lr = %lr) streams (g = %g : in bf16, s = %s : sum f32 per tensor) { ... }`.
ParseResult parseKernelSignature(OpAsmParser &parser, Region &body, ArrayAttr &scalars,
                                 ArrayAttr &streams, ArrayAttr &access, ArrayAttr &storage,
                                 ArrayAttr &extents);
void printKernelSignature(OpAsmPrinter &printer, Operation *op, Region &body, ArrayAttr scalars,
                          ArrayAttr streams, ArrayAttr access, ArrayAttr storage,
                          ArrayAttr extents);

/// `(%gi = %g, %xi = %x) : f32, f32 { ... }`.
ParseResult parseSweep(OpAsmParser &parser, Region &body, SmallVectorImpl<Operand> &reads,
                       SmallVectorImpl<Type> &types);
void printSweep(OpAsmPrinter &printer, Operation *op, Region &body, OperandRange reads,
                TypeRange types);

} // namespace bregman::format
