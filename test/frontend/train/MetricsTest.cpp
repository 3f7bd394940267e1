// metrics.csv and metrics.jsonl.
#include "TestFiles.h"

#include "frontend/train/Metrics.h"

#include <nlohmann/json.hpp>

#include <cmath>

using namespace bregman;
using namespace bregman::testing;
using namespace bregman::train;

using Metrics = TestFolder;

static Record recordOf(int64_t step) {
  Record record;
  record.step = step;
  record.epoch = double(step) / 3;
  record.trainLoss = 0.1;
  record.hard.accuracy = 0.9765;
  record.schedules = {{"md_tanh_s.beta", 1.02}};
  return record;
}

TEST_F(Metrics, BothFilesSayTheSame) {
  MetricsFiles files(path.string(), {});
  files.write(recordOf(1));
  files.write(recordOf(2));
  std::istringstream csv(read("metrics.csv")), jsonl(read("metrics.jsonl"));
  std::string header, row, line;
  std::getline(csv, header);
  EXPECT_EQ(header, "step,epoch,train_loss,loss_soft,accuracy_soft,loss_hard,accuracy_hard,flipped,"
                    "saturated,md_tanh_s.beta,seconds,images_per_second,kernel_share");
  for (int step : {1, 2}) {
    ASSERT_TRUE(std::getline(csv, row));
    ASSERT_TRUE(std::getline(jsonl, line));
    auto json = nlohmann::ordered_json::parse(line);
    EXPECT_EQ(json["step"], step);
    EXPECT_EQ(json["accuracy_hard"], 0.9765);
    std::string joined;
    for (const auto &[name, value] : json.items())
      joined += (joined.empty() ? "" : ",") + value.dump();
    EXPECT_EQ(joined, row);
  }
}

TEST_F(Metrics, ResumeCutsWhatCameAfterTheCheckpoint) {
  MetricsFiles::Sizes sizes;
  std::string csv;
  {
    MetricsFiles files(path.string(), {});
    files.write(recordOf(1));
    sizes = files.sizes();
    csv = read("metrics.csv");
    files.write(recordOf(2));
  }
  MetricsFiles files(path.string(), sizes);
  EXPECT_EQ(read("metrics.csv"), csv);
  files.write(recordOf(2));
  EXPECT_EQ(files.sizes().csv, int64_t(read("metrics.csv").size()));
  EXPECT_EQ(files.sizes().jsonl, int64_t(read("metrics.jsonl").size()));
}

TEST_F(Metrics, FileThatHasBecomeShorter) {
  write("metrics.csv", "step\n");
  Error error = errorOf([&] { MetricsFiles files(path.string(), {100, 0}); });
  EXPECT_EQ(error.kind, ErrorKind::Input);
  EXPECT_EQ(error.message, "'" + at("metrics.csv") +
                               "' has 5 bytes, fewer than the 100 that it had at the checkpoint; "
                               "it has been changed since");
}

TEST_F(Metrics, LossThatIsNotANumber) {
  MetricsFiles files(path.string(), {});
  Record record = recordOf(1);
  record.soft.loss = std::nan("");
  files.write(record);
  EXPECT_NE(read("metrics.csv").find(",nan,"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::parse(read("metrics.jsonl"))["loss_soft"].is_null());
}
