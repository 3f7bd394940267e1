// bregman-ulp measures the elementary functions over all 2^32 arguments, or a sample of them.
#include "Report.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"

using namespace bregman::ulp;
namespace cl = llvm::cl;

static cl::OptionCategory category("Measurement");
static cl::list<std::string> names("function", cl::CommaSeparated, cl::cat(category),
                                   cl::desc("Measure these alone (default: all)"));
static cl::opt<uint64_t> stride("stride", cl::init(1), cl::cat(category),
                                cl::desc("Take every n-th bit pattern (default: every one)"));
static cl::opt<int> threads("threads", cl::init(1), cl::cat(category),
                            cl::desc("Number of threads"));
static cl::opt<bool> markdown("markdown", cl::cat(category),
                              cl::desc("Print the table of docs/functions.md"));
static cl::opt<int> assemblyLanes("assembly", cl::init(0), cl::cat(category), cl::value_desc("n"),
                                  cl::desc("Print the code for n lanes instead: 1, 8 or 16"));
static cl::opt<bool> timing("time", cl::cat(category),
                            cl::desc("Print nanoseconds per value, as a table, instead"));
static cl::opt<bool> list("list", cl::cat(category),
                          cl::desc("Print the functions and their bounds"));
static cl::opt<double> bound("bound", cl::cat(category), cl::value_desc("ulp"),
                             cl::desc("Hold the functions to this bound instead of their own"));

static int fail(llvm::Error error) {
  llvm::errs() << "bregman-ulp: " << llvm::toString(std::move(error)) << "\n";
  return 2;
}

static int printAssembly(const Function &f) {
  for (const Width &width : widths) {
    if (width.lanes != assemblyLanes)
      continue;
    auto text = SweepJit::assembly(f.body, width);
    if (!text)
      return fail(text.takeError());
    llvm::outs() << *text;
    return 0;
  }
  return fail(llvm::createStringError("--assembly takes 1, 8 or 16"));
}

/// The functions that the command line asks for, with the bound that it asks for.
static llvm::Expected<std::vector<Function>> chosen() {
  std::vector<Function> result;
  for (Function f : catalogue()) {
    if (!names.empty() && !llvm::is_contained(names, f.name))
      continue;
    if (bound.getNumOccurrences() > 0)
      f.bound = f.subnormalBound = bound;
    result.push_back(f);
  }
  for (const std::string &name : names)
    if (llvm::none_of(catalogue(), [&](const Function &f) { return f.name == name; }))
      return llvm::createStringError("no function is called '" + name + "'; see --list");
  return result;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(
      argc, argv,
      "Measures the elementary functions against double arithmetic.\n\n"
      "Exit code: 0 every promise is kept, 1 one is broken, 2 nothing was measured.\n");
  if (stride == 0 || threads < 1)
    return fail(llvm::createStringError("--stride and --threads must be at least 1"));
  auto functions = chosen();
  if (!functions)
    return fail(functions.takeError());

  bool kept = true;
  if (timing)
    printTimesHead(llvm::outs());
  else if (markdown)
    printMarkdownHead(llvm::outs());
  for (const Function &f : *functions) {
    if (list) {
      llvm::outs() << llvm::formatv("{0}: {1:f2}\n", f.name, f.bound);
      continue;
    }
    if (assemblyLanes != 0) {
      if (int code = printAssembly(f))
        return code;
      continue;
    }
    if (timing) {
      auto times = measureTimes(f);
      if (!times)
        return fail(times.takeError());
      printTimesRow(llvm::outs(), f, *times);
      continue;
    }
    auto summary = sweep(f, stride, threads);
    if (!summary)
      return fail(summary.takeError());
    if (markdown)
      printMarkdownRow(llvm::outs(), f, *summary, stride);
    else
      printSummary(llvm::outs(), f, *summary);
    llvm::outs().flush();
    kept &= summary->keeps(f);
  }
  return kept ? 0 : 1;
}
