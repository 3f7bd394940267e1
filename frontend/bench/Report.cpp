// The table for a person, JSON for a program.
#include "frontend/bench/Report.h"

#include "frontend/bench/Text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

using namespace bregman::bench;

const Entry *Row::find(Side side) const {
  auto found = std::find_if(entries.begin(), entries.end(),
                            [side](const Entry &entry) { return entry.side == side; });
  return found == entries.end() ? nullptr : &*found;
}

/// The columns of LibTorch's contenders: a time, and how many times ours it is.
static std::string torchColumns(const Row &row, const Entry &ours) {
  std::string line;
  for (const Entry &entry : row.entries)
    if (entry.side == Side::Torch)
      line += text("%12.3f%7.1fx", entry.timing.median(), speedOver(ours.timing, entry.timing));
  return line;
}

static void printHead(const Row &row, std::ostream &out) {
  const Entry *ours = row.find(Side::Bregman);
  out << "\n" << row.match << text(": %g bytes per weight and step\n", ours->bytesPerWeight);
  out << text("  %-12s%8s%12s%12s%10s%9s%9s", "", "threads", "reference", "bregman", "ratio",
              "GB/s", "spread");
  for (const Entry &entry : row.entries)
    if (entry.side == Side::Torch)
      out << text("%20s", entry.contender.c_str());
  out << "\n";
}

static void printRow(const Row &row, std::ostream &out) {
  const Entry *reference = row.find(Side::Reference);
  auto line = [&](const std::string &name, const Entry &entry) {
    out << text("  %-12s%8d", name.c_str(), row.threads);
    out << (reference ? text("%12.3f", reference->timing.median()) : std::string(12, ' '));
    out << text("%12.3f", entry.timing.median());
    out << (reference ? text("%10.2f", speedOver(entry.timing, reference->timing))
                      : std::string(10, ' '));
    out << text("%9.1f%7.0f %%", entry.bytesPerWeight / entry.timing.median(),
                100 * entry.timing.spread());
  };
  const Entry *ours = row.find(Side::Bregman);
  line(row.model, *ours);
  out << torchColumns(row, *ours) << "\n";
  if (const Entry *flat = row.find(Side::Flat)) {
    line("  as one", *flat);
    out << text("   (%zu tensors take %.1f %% more)\n", row.tensors,
                100 * (speedOver(flat->timing, ours->timing) - 1));
  }
}

static void printCompiles(const Report &report, std::ostream &out) {
  out << "\nms of processor time per kernel, fastest of 9: cold in a fresh process, cold in this "
         "one, from the "
         "cache\n"
      << text("  %-36s%10s%10s%10s%10s\n", "", "fresh", "warm", "cached", "kernels");
  for (const CompileTimes &times : report.compiles)
    out << text("  %-36s%10.1f%10.1f%10.3f%10d\n", times.title.c_str(), times.freshProcess,
                times.warmProcess, times.cached, times.kernels);
}

void bregman::bench::printTable(const Report &report, std::ostream &out) {
  out << text("%s, %u cores, %g MiB of second-level cache each; ", report.cpu.c_str(), report.cores,
              double(report.secondLevelCache) / (1 << 20))
      << (report.torch.empty() ? "without LibTorch" : "LibTorch " + report.torch) << "\n\n"
      << "ns per weight of one step, medians of interleaved rounds; one thread by its processor "
         "time, more by\nthe clock on the wall. `reference` sweeps the same streams without "
         "mathematics; `ratio` is its time\nover ours, 1 being as fast; `x` says how many times "
         "ours LibTorch takes.\n";
  const Row *last = nullptr;
  for (const Row &row : report.rows) {
    if (!last || last->match != row.match)
      printHead(row, out);
    printRow(row, out);
    last = &row;
  }
  if (!report.compiles.empty())
    printCompiles(report, out);
}

static const char *nameOf(Side side) {
  switch (side) {
  case Side::Reference:
    return "reference";
  case Side::Bregman:
    return "bregman";
  case Side::Flat:
    return "flat";
  case Side::Torch:
    return "torch";
  }
  return "";
}

void bregman::bench::printJson(const Report &report, std::ostream &out) {
  nlohmann::ordered_json rows = nlohmann::json::array(), compiles = nlohmann::json::array();
  for (const Row &row : report.rows)
    for (const Entry &entry : row.entries) {
      nlohmann::ordered_json one = {{"match", row.match},
                                    {"model", row.model},
                                    {"weights", row.weights},
                                    {"tensors", entry.side == Side::Flat ? 1 : row.tensors},
                                    {"threads", row.threads},
                                    {"side", nameOf(entry.side)},
                                    {"contender", entry.contender},
                                    {"ns_per_weight", entry.timing.median()},
                                    {"spread", entry.timing.spread()},
                                    {"rounds", entry.timing.rounds.size()}};
      if (entry.bytesPerWeight)
        one["bytes_per_weight"] = entry.bytesPerWeight;
      if (const Entry *reference = row.find(Side::Reference))
        one["ratio_to_reference"] = speedOver(entry.timing, reference->timing);
      if (entry.side != Side::Bregman)
        one["times_of_bregman"] = speedOver(row.find(Side::Bregman)->timing, entry.timing);
      rows.push_back(std::move(one));
    }
  nlohmann::ordered_json agreements = nlohmann::json::array();
  for (const Agreement &agreement : report.agreements)
    agreements.push_back({{"match", agreement.match},
                          {"contender", agreement.contender},
                          {"largest_difference", agreement.largestDifference}});
  for (const CompileTimes &times : report.compiles)
    compiles.push_back({{"match", times.title},
                        {"kernels", times.kernels},
                        {"fresh_process_ms", times.freshProcess},
                        {"warm_process_ms", times.warmProcess},
                        {"from_cache_ms", times.cached}});
  nlohmann::ordered_json all = {{"cpu", report.cpu},
                                {"cores", report.cores},
                                {"second_level_cache", report.secondLevelCache},
                                {"torch", report.torch},
                                {"seconds_per_row", report.seconds},
                                {"agreement", agreements},
                                {"rows", rows},
                                {"compile", compiles}};
  out << all.dump(2) << "\n";
}
