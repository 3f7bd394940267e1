// The data sets: what Bregman ships, and what is looked for where.
#include "TestFiles.h"

#include "frontend/train/Dataset.h"

using namespace bregman;
using namespace bregman::testing;
using namespace bregman::train;
using ::testing::HasSubstr;

using Datasets = TestFolder;

TEST_F(Datasets, DigitsAreSplitAndNormalized) {
  Dataset data = loadDataset("digits", "");
  EXPECT_EQ(data.test.size(), 299);
  EXPECT_EQ(data.validation.size(), 299);
  EXPECT_EQ(data.train.size(), 1797 - 2 * 299);
  EXPECT_EQ(data.train.images.sizes().slice(1), (at::IntArrayRef{1, 8, 8}));
  EXPECT_NEAR(data.train.images.mean().item<float>(), 0, 1e-4);
  EXPECT_NEAR(data.train.images.std().item<float>(), 1, 1e-3);
  EXPECT_NEAR(data.test.images.mean().item<float>(), 0, 0.1);
  for (const Split *split : {&data.train, &data.validation, &data.test})
    for (int64_t label = 0; label < 10; ++label)
      EXPECT_GT(split->labels.eq(label).sum().item<int64_t>(), split->size() / 20);
}

TEST_F(Datasets, MissingOneIsSaid) {
  Error error = errorOf([&] { loadDataset("mnist", path.string()); });
  EXPECT_EQ(error.kind, ErrorKind::Input);
  EXPECT_EQ(error.message,
            "found no train-images-idx3-ubyte.gz of the data set mnist; looked in\n  " +
                at("mnist") +
                "\nnote: put the files there, or name their folder by --data-dir or "
                "BREGMAN_DATA");
}

TEST_F(Datasets, OneFileOfFourMissing) {
  std::string images("\0\0\x08\x03\0\0\0\x06\0\0\0\1\0\0\0\1......", 22);
  std::string labels("\0\0\x08\x01\0\0\0\x06\0\1\2\3\4\5", 14);
  writeGz("train-images-idx3-ubyte.gz", images);
  writeGz("train-labels-idx1-ubyte.gz", labels);
  Error error = errorOf([&] { loadDataset("mnist", path.string()); });
  EXPECT_EQ(error.kind, ErrorKind::Input);
  EXPECT_THAT(error.message, HasSubstr("cannot open '" + at("t10k-images-idx3-ubyte.gz") + "'"));
  writeGz("t10k-images-idx3-ubyte.gz", images);
  writeGz("t10k-labels-idx1-ubyte.gz", labels);
  Dataset data = loadDataset("mnist", path.string());
  EXPECT_EQ(data.train.size(), 5);
  EXPECT_EQ(data.validation.size(), 1);
  EXPECT_EQ(data.validation.labels.item<int64_t>(), 5);
}
