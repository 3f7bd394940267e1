// Texts of the measurement.
#include "Report.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using llvm::formatv;

namespace bregman::ulp {

static std::string hex(float x) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%a", x);
  return text;
}

static std::string percent(uint64_t part, uint64_t whole) {
  return part == 0 ? "0" : formatv("{0:f4} %", 100.0 * part / whole).str();
}

void printSummary(llvm::raw_ostream &out, const Function &f, const Summary &s) {
  out << formatv("{0}: {1} over {2} arguments, {3} widths\n", f.name,
                 s.keeps(f) ? "keeps its promise" : "BREAKS ITS PROMISE", s.count,
                 s.widthsCompared);
  out << formatv("  {0:f4} ulp at {1}, promised {2:f2}\n", s.normal.ulp, hex(s.normal.where),
                 f.bound);
  if (s.subnormal.ulp > 0)
    out << formatv("  subnormal results {0:f4} ulp at {1}, promised {2:f2}\n", s.subnormal.ulp,
                   hex(s.subnormal.where), f.subnormalBound);
  out << formatv("  above 0.5 ulp {0}, above 1 ulp {1}\n", percent(s.aboveHalf, s.count),
                 percent(s.aboveOne, s.count));
  auto complain = [&](uint64_t count, float first, llvm::StringRef what) {
    if (count > 0)
      out << formatv("  {0} {1}, the first at {2}\n", count, what, hex(first));
  };
  complain(s.wrongSpecials, s.firstWrongSpecial, "wrong special values");
  complain(s.descents, s.firstDescent, "neighbours in the wrong order");
  complain(s.bitDifferences, s.firstDifference, "results that differ between the widths");
}

void printMarkdownHead(llvm::raw_ostream &out) {
  out << "| function | bound, ulp | measured, at | subnormal results | > 0.5 ulp | > 1 ulp | "
         "monotone | widths that differ | arguments |\n"
      << "|---|---|---|---|---|---|---|---|---|\n";
}

void printMarkdownRow(llvm::raw_ostream &out, const Function &f, const Summary &s,
                      uint64_t stride) {
  std::string subnormal = s.subnormal.ulp > 0
                              ? formatv("{0:f3} (bound {1:f2})", s.subnormal.ulp, f.subnormalBound)
                              : std::string("exact");
  out << formatv("| `{0}` | {1:f2} | {2:f3} at `{3}` | {4} | {5} | {6} | ", f.name, f.bound,
                 s.normal.ulp, hex(s.normal.where), subnormal, percent(s.aboveHalf, s.count),
                 percent(s.aboveOne, s.count))
      << (f.order == Order::None ? "not promised"
          : s.descents == 0      ? "yes"
                                 : "NO")
      << " | " << (s.bitDifferences == 0 ? "none" : std::to_string(s.bitDifferences)) << " | "
      << (stride == 1 ? "all" : formatv("1 in {0}", stride).str()) << " |\n";
}

void printTimesHead(llvm::raw_ostream &out) {
  out << "| function |";
  for (const Width &width : widths)
    out << " " << width.name << " |";
  out << "\n|---|---|---|---|\n";
}

void printTimesRow(llvm::raw_ostream &out, const Function &f, const Times &times) {
  out << "| `" << f.name << "` |";
  for (const std::optional<double> &time : times)
    out << (time ? formatv(" {0:f2} |", *time).str() : " not run |");
  out << "\n";
}

} // namespace bregman::ulp
