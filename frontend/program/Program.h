// What a Program is behind its header: the spec, its module that grows with what is asked for, and
// what the proofs said. Its functions stand in the files of this folder, one idea each.
#pragma once

#include "frontend/Compiler.h"
#include "frontend/Derivation.h"
#include "frontend/SourceLines.h"
#include "frontend/spec/Spec.h"

#include "mlir/IR/OwningOpRef.h"

#include <mutex>

namespace bregman {

/// What stands for an optimizer where a plan's line names none: nothing moves.
inline constexpr const char untrained[] = "untrained";

/// Why `fast` is refused there.
inline constexpr const char noFastHost[] =
    "--fast is for GPUs; on the host every value is what IEEE 754 says";

struct Program::Impl {
  Impl();

  /// Both definitions, from the file or the library, are in the module and proved.
  Status require(const std::string &quantizer, const std::string &optimizer);
  Status require(const std::string &name, bool isOptimizer);
  void requireUntrained();
  Status prove(const std::vector<std::string> &quantizers);
  Status prove(mlir::ModuleOp copy, bool keepProofs);
  Status proveWith(const PlanLine &line);
  using Learned = std::vector<std::pair<std::string, std::string>>;
  Result<mlir::OwningOpRef<mlir::ModuleOp>> derive(const std::string &quantizer,
                                                   const std::string &optimizer, MethodStage stage,
                                                   ElementType element, Learned learned = {},
                                                   bool constrained = false);
  Result<mlir::OwningOpRef<mlir::ModuleOp>>
  deriveActivation(const std::string &quantizer, MethodStage stage, ElementType element);
  Result<PlanLine> translate(LineOp line);
  Result<std::string> chosen(const std::string &quantizer) const;
  SourceLines lines() const;

  mlir::MLIRContext context;
  spec::Diagnostics diagnostics;
  std::unique_ptr<spec::Unit> unit;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string warnings, proofs;
  /// MLIR contexts without threads, and the unit that grows, take one caller at a time.
  std::recursive_mutex mutex;
};

/// Something that no spec may bring about.
Error internal(const std::string &message);
Error internal(llvm::Error error);
/// The error of a refused spec: every message that was collected.
Error refused(const spec::Diagnostics &diagnostics, ErrorKind kind = ErrorKind::SpecRefused);

/// Whether only a line that begins with `activations` takes it: nothing of it is a final level.
bool isOfActivations(QuantizerOp quantizer);
/// Fails where a quantizer has values per token, which weights do not have.
Status refuseTokens(QuantizerOp quantizer);

} // namespace bregman
