// The table for a person, JSON for a program.
#include "frontend/bench/cuda/CudaReport.h"

#include "frontend/bench/Text.h"

#include <nlohmann/json.hpp>

using namespace bregman::bench;

static double gigabytesOf(const CudaRow &row) { return row.bytesPerWeight / row.timing.median(); }

void bregman::bench::printTable(const CudaReport &report, std::ostream &out) {
  out << report.device
      << text(", compute capability %d.%d, %d multiprocessors, driver of CUDA %d.%d%s\n",
              report.major, report.minor, report.multiprocessors, report.driver / 1000,
              report.driver % 1000 / 10, report.fast ? ", approximate arithmetic" : "")
      << text("copies within the device read and write %.0f GB/s\n\n", report.copyGigabytes)
      << "Medians of rounds of steps, by the clock on the wall from the first one asked for to the "
         "last one\ndone; `of copy` is the step's bytes by the copies' rate over its time, `host` "
         "what asking for a step takes.\n";
  const std::string *last = nullptr;
  for (const CudaRow &row : report.rows) {
    if (!last || *last != row.match)
      out << "\n"
          << row.match << text(": %g bytes per weight and step\n", row.bytesPerWeight)
          << text("  %-12s%9s%14s%10s%10s%10s%10s\n", "", "tensors", "ns/weight", "GB/s", "of copy",
                  "host us", "spread");
    last = &row.match;
    out << text("  %-12s%9zu%14.5f%10.0f%8.1f %%%10.2f%8.1f %%\n", row.model.c_str(), row.tensors,
                row.timing.median(), gigabytesOf(row),
                100 * gigabytesOf(row) / report.copyGigabytes, row.hostMicroseconds,
                100 * row.timing.spread());
  }
  if (!report.skipped.empty())
    out << "\n";
  for (const std::string &line : report.skipped)
    out << "not measured: " << line << "\n";
  if (report.compiles.empty())
    return;
  out << "\nms for all kernels of a method: from the program to PTX, and the first steps on a "
         "small tensor, for which the driver\nmakes machine code; in a process that finds nothing, "
         "and in one that finds all in the cache\n"
      << text("  %-36s%10s%10s%10s%10s%10s\n", "", "cold", "first", "cached", "first", "kernels");
  for (const CudaCompile &times : report.compiles)
    out << text("  %-36s%10.1f%10.1f%10.2f%10.1f%10d\n", times.match.c_str(), times.cold,
                times.coldFirstStep, times.cached, times.cachedFirstStep, times.kernels);
}

void bregman::bench::printJson(const CudaReport &report, std::ostream &out) {
  nlohmann::ordered_json rows = nlohmann::json::array(), compiles = nlohmann::json::array();
  for (const CudaRow &row : report.rows)
    rows.push_back({{"match", row.match},
                    {"model", row.model},
                    {"weights", row.weights},
                    {"tensors", row.tensors},
                    {"side", "bregman"},
                    {"bytes_per_weight", row.bytesPerWeight},
                    {"ns_per_weight", row.timing.median()},
                    {"spread", row.timing.spread()},
                    {"rounds", row.timing.rounds.size()},
                    {"share_of_copy", gigabytesOf(row) / report.copyGigabytes},
                    {"host_us", row.hostMicroseconds}});
  for (const CudaCompile &times : report.compiles)
    compiles.push_back({{"match", times.match},
                        {"kernels", times.kernels},
                        {"cold_ms", times.cold},
                        {"cold_first_step_ms", times.coldFirstStep},
                        {"cached_ms", times.cached},
                        {"cached_first_step_ms", times.cachedFirstStep}});
  nlohmann::ordered_json all = {
      {"device", report.device},
      {"compute_capability", text("%d.%d", report.major, report.minor)},
      {"multiprocessors", report.multiprocessors},
      {"driver", text("%d.%d", report.driver / 1000, report.driver % 1000 / 10)},
      {"fast", report.fast},
      {"copy_gb_per_s", report.copyGigabytes},
      {"seconds_per_row", report.seconds},
      {"rows", rows},
      {"skipped", report.skipped},
      {"compile", compiles}};
  out << all.dump(2) << "\n";
}
