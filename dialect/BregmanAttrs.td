// The enumerations of the dialect.
#ifndef BREGMAN_ATTRS_TD
#define BREGMAN_ATTRS_TD

include "dialect/BregmanDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class Bregman_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::bregman";
  let genSpecializedAttr = 1;
}

def Bregman_Counter : Bregman_Enum<"Counter", "what the clock of a run gives to a host expression", [
  I32EnumAttrCase<"Step", 0, "step">, I32EnumAttrCase<"Epoch", 1, "epoch">,
  I32EnumAttrCase<"Steps", 2, "steps">, I32EnumAttrCase<"Epochs", 3, "epochs">,
  I32EnumAttrCase<"T", 4, "t">, I32EnumAttrCase<"LearningRate", 5, "lr">
]>;

def Bregman_UpdateKind : Bregman_Enum<"UpdateKind", "what is handed on to the base optimizer", [
  I32EnumAttrCase<"Lazy", 0, "lazy_mirror">, I32EnumAttrCase<"Agile", 1, "agile_mirror">,
  I32EnumAttrCase<"Chain", 2, "chain">, I32EnumAttrCase<"StraightThrough", 3, "straight_through">,
  I32EnumAttrCase<"Gradient", 4, "gradient">
]>;

def Bregman_Reduction : Bregman_Enum<"Reduction", "how an axis is narrowed", [
  I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Mean", 1, "mean">,
  I32EnumAttrCase<"Min", 2, "min">, I32EnumAttrCase<"Max", 3, "max">,
  I32EnumAttrCase<"Std", 4, "std">
]>;

def Bregman_PeriodUnit : Bregman_Enum<"PeriodUnit", "what a period counts", [
  I32EnumAttrCase<"Step", 0, "step">, I32EnumAttrCase<"Epoch", 1, "epoch">
]>;

def Bregman_Branch : Bregman_Enum<"Branch", "a branch of constrained training", [
  I32EnumAttrCase<"High", 0, "high">, I32EnumAttrCase<"Low", 1, "low">
]>;

def Bregman_Clause : Bregman_Enum<"Clause", "a clause that a calculus op names", [
  I32EnumAttrCase<"Project", 0, "project">, I32EnumAttrCase<"Weight", 1, "weight">,
  I32EnumAttrCase<"Penalty", 2, "penalty">, I32EnumAttrCase<"High", 3, "high">
]>;

/// From the widest to the narrowest; `token` is of activations alone.
def Bregman_Scope : Bregman_Enum<"Scope", "what one value is shared by", [
  I32EnumAttrCase<"Run", 0, "run">, I32EnumAttrCase<"Tensor", 1, "tensor">,
  I32EnumAttrCase<"Channel", 2, "channel">, I32EnumAttrCase<"Group", 3, "group">,
  I32EnumAttrCase<"Token", 4, "token">
]>;

def Bregman_Extent : AttrDef<Bregman_Dialect, "Extent"> {
  let summary = "the weights that share one value: `per tensor`, `per channel`, `per group(64)`";
  let description = [{
    `size` is that of a group, else 0. Where an op has no extent its value is per weight.
  }];
  let mnemonic = "extent";
  let parameters = (ins EnumParameter<Bregman_Scope>:$scope, DefaultValuedParameter<"int64_t", "0">:$size);
  let assemblyFormat = "`<` $scope (`,` $size^)? `>`";
}

#endif // BREGMAN_ATTRS_TD
