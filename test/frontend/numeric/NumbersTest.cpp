// Numbers are arguments of kernels, never part of them: whichever of them changes, nothing is
// compiled. The cache's folder is the witness, since whatever is compiled is put there.
#include "Library.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

using namespace bregman;
using namespace numeric;
namespace fs = std::filesystem;

namespace {

/// An empty cache of this process alone. It is set before anything is compiled, and goes with it.
struct OwnCache {
  fs::path folder;
  OwnCache() {
    std::string name = (fs::temp_directory_path() / "bregman-numbers-XXXXXX").string();
    folder = mkdtemp(name.data());
    setenv("BREGMAN_CACHE", folder.c_str(), 1);
  }
  ~OwnCache() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  std::set<fs::path> entries() const {
    std::set<fs::path> all;
    for (const auto &entry : fs::recursive_directory_iterator(folder))
      if (entry.is_regular_file())
        all.insert(entry.path());
    return all;
  }
} cache;

class Numbers : public ::testing::TestWithParam<Pair> {
protected:
  /// Compiles the pair as it is and returns what the cache holds then.
  std::set<fs::path> compiled() {
    method = compile(GetParam());
    std::set<fs::path> entries = cache.entries();
    EXPECT_FALSE(entries.empty());
    return entries;
  }
  std::shared_ptr<const Method> method;
};

TEST_P(Numbers, ParametersAndTimeCompileNothing) {
  std::set<fs::path> before = compiled();
  const std::vector<float> w0 = randomValues(40, 1);
  auto bitsWith = [&](const std::string &name, double value, const Timing &timing) {
    // Several tensors, so that what each has one of may move in some of them.
    Drive drive(method, timing, {std::vector<int64_t>(8, 5)});
    // Where everything moves, so that each number can be seen.
    drive.setLively();
    if (!name.empty())
      drive.set(name, value);
    drive.attach(w0);
    // Of changing signs, since a step may be no more than one.
    for (int k = 0; k < 6; ++k)
      drive.advance(randomValues(40, 2 + k));
    return drive.bits();
  };
  const std::vector<uint32_t> reference = bitsWith("", 0, shortRun());
  for (const ParameterInfo &info : method->parameters) {
    // Inside the declared range, far from the default and from livelyNumbers().
    double value = info.isPeriod              ? 3
                   : std::isfinite(info.high) ? 0.9 * info.high + 0.1 * info.low
                                              : 0.37;
    // A number that changed nothing would show nothing.
    EXPECT_NE(bitsWith(info.name, value, shortRun()), reference) << info.name;
  }
  bitsWith("", 0, {.stepsPerEpoch = 3, .steps = 240, .epochs = 80});
  EXPECT_EQ(cache.entries(), before);
}

TEST_P(Numbers, DefaultsAndUsesCompileNothing) {
  std::set<fs::path> before = compiled();
  const Pair &pair = GetParam();
  std::string arguments, of;
  for (const ParameterInfo &info : method->parameters) {
    // Of a learned value's optimizer, which a line of its own would set.
    if (info.name.find(".optimizer.") != std::string::npos)
      continue;
    bool ofOptimizer = info.name.starts_with("optimizer.");
    std::string &list = ofOptimizer ? of : arguments;
    list += (list.empty() ? "" : ", ") + info.name.substr(ofOptimizer ? 10 : 0) + " = " +
            (info.isPeriod              ? "3"
             : std::isfinite(info.high) ? "1.75"
             : ofOptimizer              ? "0.3 + 0 * step"
                                        : "0.3");
  }
  std::string use = pair.quantizer + (arguments.empty() ? "" : "(" + arguments + ")") + " by " +
                    pair.optimizer + "(" + of + ")";
  auto line = program(pair.quantizer).use(use);
  ASSERT_TRUE(line) << line.error().message;
  ASSERT_TRUE(program(pair.quantizer).compile(line->quantizer, line->optimizer));
  EXPECT_EQ(cache.entries(), before);
}

/// The text of a spec with one number of its host part changed: of the parameters' defaults and
/// ranges, of the schedules and of `freeze`. One text for each such number. What is no parameter of
/// the method is compiled in.
std::vector<std::string> mutations(const std::string &text, const Method &method) {
  auto isCompiledIn = [&](const std::string &before) {
    static const std::regex names("([A-Za-z_]\\w*)\\s*(in|=)");
    std::string name;
    for (std::sregex_iterator found(before.begin(), before.end(), names), end; found != end;
         ++found)
      name = (*found)[1];
    return std::none_of(method.parameters.begin(), method.parameters.end(),
                        [&](const ParameterInfo &info) {
                          return info.name == name || info.name == "optimizer." + name;
                        });
  };
  std::vector<std::string> all;
  std::istringstream lines(text);
  std::string line;
  for (size_t begin = 0; std::getline(lines, line); begin += line.size() + 1) {
    std::string code = line.substr(0, line.find("//"));
    std::string word;
    std::istringstream(code) >> word;
    if (word != "quantizer" && word != "optimizer" && word != "schedule" && word != "freeze")
      continue;
    for (size_t at = 0; at < code.size(); ++at) {
      bool starts = std::isdigit(code[at]) &&
                    (at == 0 || !(std::isalnum(code[at - 1]) || code[at - 1] == '_'));
      bool isHeader = word == "quantizer" || word == "optimizer";
      if (!starts || (isHeader && isCompiledIn(code.substr(0, at))))
        continue;
      size_t end = at;
      double value = std::stod(code.substr(at), &end);
      end += at;
      std::ostringstream changed;
      // Still in a range that holds, and still positive.
      changed << text.substr(0, begin + at) << value * 1.25 << text.substr(begin + end);
      all.push_back(changed.str());
      at = end;
    }
  }
  return all;
}

std::string contents(const std::string &name) {
  std::ostringstream text;
  text << std::ifstream(std::string(SPECS) + "/" + name + ".breg").rdbuf();
  return text.str();
}

TEST_P(Numbers, HostNumbersOfTheTextCompileNothing) {
  std::set<fs::path> before = compiled();
  const Pair &pair = GetParam();
  // A file that holds both definitions, so that both can be changed.
  std::string text = contents(pair.quantizer) + contents(pair.optimizer);
  std::vector<std::string> changed = mutations(text, *method);
  EXPECT_GE(changed.size(), 1u);
  int refused = 0;
  for (const std::string &each : changed) {
    auto program = Program::parse("changed.breg", each);
    // `growth in [1, 2]` may lose its default, or its proof; then there is nothing to compile.
    if (!program) {
      ++refused;
      continue;
    }
    ASSERT_TRUE(program->compile(pair.quantizer, pair.optimizer)) << each;
  }
  EXPECT_LT(refused, int(changed.size()));
  EXPECT_EQ(cache.entries(), before);
}

INSTANTIATE_TEST_SUITE_P(Library, Numbers, ::testing::ValuesIn(pairs()), nameOf);

TEST(NumbersWitness, AnotherElementTypeIsSeen) {
  compile({"md_tanh_s", "sgd"});
  std::set<fs::path> before = cache.entries();
  CompileOptions half;
  half.element = ElementType::BF16;
  compile({"md_tanh_s", "sgd"}, half);
  EXPECT_NE(cache.entries(), before);
}

} // namespace
