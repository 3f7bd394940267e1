// The enumerations of the dialect.
#ifndef BREGMAN_ATTRS_TD
#define BREGMAN_ATTRS_TD

include "dialect/BregmanDialect.td"
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

def Bregman_Clause : Bregman_Enum<"Clause", "a clause that a calculus op names", [
  I32EnumAttrCase<"Project", 0, "project">, I32EnumAttrCase<"Weight", 1, "weight">
]>;

#endif // BREGMAN_ATTRS_TD
