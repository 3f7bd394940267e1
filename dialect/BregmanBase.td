// What the ops of the dialect share: types, traits, base classes.
#ifndef BREGMAN_BASE_TD
#define BREGMAN_BASE_TD

include "dialect/BregmanAttrs.td"
include "dialect/BregmanInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

def Bregman_Levels : VectorOfRankAndType<[1], [F32]>;
/// A value per weight, with or without a level axis.
def Bregman_Value : AnyTypeOf<[F32, Bregman_Levels]>;
/// One value for many weights, or for all: a host scalar where the extent is the run.
def Bregman_Shared : AnyTypeOf<[F64, F32, Bregman_Levels]>;
/// Any value of the language.
def Bregman_Any : AnyTypeOf<[F64, F32, Bregman_Levels, I1]>;

class Bregman_Op<string mnemonic, list<Trait> traits = []>
    : Op<Bregman_Dialect, mnemonic, traits>;

/// An op whose region's arguments print under the names that they carry.
def Bregman_NamedArguments
    : DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>;

/// A clause of a quantizer: one region of one block that captures the declarations above it.
class Bregman_ClauseOp<string mnemonic, list<Trait> traits = []>
    : Bregman_Op<mnemonic, traits # [HasParent<"QuantizerOp">, SingleBlock]>;

/// A function of the language. Its calculus stands in `dialect/calculus/`, as that of upstream's ops.
class Bregman_FunctionOp<string mnemonic, list<Trait> traits = []>
    : Bregman_Op<mnemonic, traits # [Pure]>;

/// A function applied to each weight and each level.
class Bregman_UnaryOp<string mnemonic>
    : Bregman_FunctionOp<mnemonic, [Elementwise, SameOperandsAndResultType]> {
  let arguments = (ins AnyTypeOf<[F64, Bregman_Value]>:$operand);
  let results = (outs AnyTypeOf<[F64, Bregman_Value]>:$result);
  let assemblyFormat = "$operand attr-dict `:` type($operand)";
}

#endif // BREGMAN_BASE_TD
