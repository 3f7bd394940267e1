// The table for a person, JSON for a program.
#include "frontend/bench/Report.h"

#include <iomanip>
#include <nlohmann/json.hpp>

using namespace bregman::bench;

void bregman::bench::printTable(const Report &report, std::ostream &out) {
  out << "CPU: " << report.cpu << "\n"
      << "ns per weight of one step; GB/s of the bytes that a step must move; `ratio` is the time "
         "of "
         "the reference\nloop over this one's (1: as fast as the same streams without "
         "mathematics).\n";
  std::string match, group;
  for (const Row &row : report.rows) {
    if (row.match != match) {
      match = row.match;
      out << "\n" << match << "\n";
    }
    std::string where = row.model + ", " + std::to_string(row.threads) +
                        (row.threads == 1 ? " thread" : " threads");
    out << "  " << std::left << std::setw(22) << (where == group ? "" : where) << std::setw(32)
        << row.contender << std::right << std::fixed << std::setprecision(3) << std::setw(9)
        << row.timing.nanosecondsPerWeight << " ns";
    group = where;
    if (row.bytesPerWeight)
      out << std::setprecision(1) << std::setw(8)
          << row.bytesPerWeight / row.timing.nanosecondsPerWeight << " GB/s";
    else
      out << std::setw(13) << "";
    if (row.ratio)
      out << std::setprecision(2) << std::setw(7) << row.ratio;
    out << std::setprecision(0) << "   +-" << 100 * row.timing.spread << " %\n";
  }
  if (report.compiles.empty())
    return;
  out << "\nms to get a kernel\n"
      << "  " << std::left << std::setw(32) << "" << std::right << std::setw(15) << "fresh process"
      << std::setw(14) << "warm process" << std::setw(12) << "from cache" << "\n";
  for (const CompileTimes &times : report.compiles)
    out << "  " << std::left << std::setw(32) << times.title << std::right << std::setprecision(1)
        << std::setw(15) << times.freshProcess << std::setw(14) << times.warmProcess
        << std::setprecision(3) << std::setw(12) << times.cached << "\n";
}

void bregman::bench::printJson(const Report &report, std::ostream &out) {
  nlohmann::json rows = nlohmann::json::array(), compiles = nlohmann::json::array();
  for (const Row &row : report.rows) {
    nlohmann::json entry = {{"match", row.match},
                            {"model", row.model},
                            {"threads", row.threads},
                            {"contender", row.contender},
                            {"ns_per_weight", row.timing.nanosecondsPerWeight},
                            {"spread", row.timing.spread}};
    if (row.bytesPerWeight)
      entry["bytes_per_weight"] = row.bytesPerWeight;
    if (row.ratio)
      entry["ratio"] = row.ratio;
    rows.push_back(std::move(entry));
  }
  for (const CompileTimes &times : report.compiles)
    compiles.push_back({{"match", times.title},
                        {"fresh_process_ms", times.freshProcess},
                        {"warm_process_ms", times.warmProcess},
                        {"from_cache_ms", times.cached}});
  out << nlohmann::json{{"cpu", report.cpu}, {"rows", rows}, {"compile", compiles}}.dump(2) << "\n";
}
