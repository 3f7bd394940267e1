// CudaKernel by PTX written by hand: tables that move, devices, streams and graphs.
#include "test/cuda/Calls.h"

#include "runtime/cuda/AllRegisters.h"
#include "runtime/cuda/CudaKernel.h"
#include "runtime/cuda/DeviceMemory.h"

using namespace bregman;
using namespace bregman::cuda;
using namespace bregman::testing;

namespace {

/// x = x * scale + first, over the chunks of a stream.
const char scalePtx[] = R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry bregman_kernel(.param .u64 chunks, .param .u32 count, .param .u64 scalars,
  .param .u64 draw)
.maxntid 256
{
.reg .pred %p<4>; .reg .b32 %r<12>; .reg .b64 %rd<12>;
ld.param.b64 %rd1, [chunks]; ld.param.b32 %r1, [count]; ld.param.b64 %rd2, [scalars];
mov.u32 %r2, %ctaid.x; mov.u32 %r3, %nctaid.x;
$L1: setp.ge.s32 %p1, %r2, %r1; @%p1 bra $L4;
mul.wide.u32 %rd3, %r2, 32; add.s64 %rd4, %rd1, %rd3;
ld.global.b32 %r4, [%rd4]; ld.global.b64 %rd5, [%rd4+24]; mov.u32 %r5, %tid.x;
$L2: setp.ge.s32 %p2, %r5, %r4; @%p2 bra $L3;
mul.wide.u32 %rd6, %r5, 4; add.s64 %rd7, %rd5, %rd6;
ld.global.b32 %r6, [%rd7]; ld.global.b32 %r7, [%rd2]; ld.global.b32 %r8, [%rd4+16];
cvt.rn.f32.u32 %r9, %r8; mul.rn.f32 %r6, %r6, %r7; add.rn.f32 %r6, %r6, %r9;
st.global.b32 [%rd7], %r6; add.s32 %r5, %r5, 256; bra $L2;
$L3: add.s32 %r2, %r2, %r3; bra $L1;
$L4: ret;
}
)";

CudaKernel scale() {
  return CudaKernel({"scale", {{"x", Access::InOut}}, {"scale"}}, {scalePtx, nullptr});
}

/// Values on a device, from 0 on.
struct Values {
  Buffer buffer;
  size_t size;

  Values(size_t size, const void *near = nullptr) : size(size) {
    Result<Buffer> made = Buffer::create(deviceMemory(), size * 4, near);
    EXPECT_TRUE(made) << made.error().message;
    buffer = std::move(*made);
    std::vector<float> values(size);
    for (size_t i = 0; i < size; ++i)
      values[i] = float(i);
    EXPECT_FALSE(deviceMemory()->copyIn(buffer.data(), values.data(), size * 4, nullptr));
  }
  std::vector<float> read() const {
    std::vector<float> values(size);
    EXPECT_FALSE(deviceMemory()->copyOut(values.data(), buffer.data(), size * 4, nullptr));
    return values;
  }
  Segment segment() const {
    Segment made;
    made.size = int64_t(size);
    made.streams = {buffer.data()};
    return made;
  }
};

/// Where the chunk of element `i` begins, which the kernel adds.
float placeOf(size_t i) {
  size_t chunk = i / 4096;
  return float(4096 * chunk);
}

void expectScaled(const std::vector<float> &values, float factor) {
  for (size_t i = 0; i < values.size(); ++i)
    ASSERT_EQ(values[i], float(i) * factor + placeOf(i)) << i;
}

class CudaKernels : public ::testing::Test {
protected:
  void TearDown() override {
    if (standinLive) {
      EXPECT_EQ(standinLive(), 0);
    }
  }
};

/// Those that ask the stand-in for something.
class CudaStandinKernels : public CudaKernels {
protected:
  void SetUp() override {
    if (!standinLive)
      GTEST_SKIP() << "the driver is a real one";
  }
};

TEST_F(CudaKernels, ChunksSaySizeAndPlace) {
  CudaKernel kernel = scale();
  Values a(10000), b(1), c(4096);
  std::vector<Segment> segments = {a.segment(), b.segment(), c.segment()};
  int64_t launches = callsOf("cuLaunchKernel");
  Status bad = kernel.launch(segments, std::vector<float>{2});
  ASSERT_FALSE(bad) << bad->message;
  expectCalls("cuLaunchKernel", launches, 1); // for all tensors
  expectScaled(a.read(), 2);
  expectScaled(b.read(), 2);
  expectScaled(c.read(), 2);
}

TEST_F(CudaKernels, NothingIsLaunchedOnNothing) {
  CudaKernel kernel = scale();
  EXPECT_FALSE(kernel.launch(std::vector<Segment>{}, std::vector<float>{2}));
  Segment empty;
  empty.streams = {nullptr};
  EXPECT_FALSE(kernel.launch(std::vector<Segment>{empty}, std::vector<float>{2}));
}

TEST_F(CudaKernels, TablesMove) {
  CudaKernel kernel = scale();
  Values a(5000), b(5000), more(6000);
  std::vector<Segment> before = {a.segment()}, after = {b.segment()}, larger = {more.segment()};
  auto partition = kernel.partition(before, 1);
  ASSERT_FALSE(kernel.launch(*partition, std::vector<float>{2}, {}, nullptr));
  ASSERT_TRUE(kernel.move(*partition, before, after));
  int64_t allocations = callsOf("cuMemAlloc_v2");
  ASSERT_FALSE(kernel.launch(*partition, std::vector<float>{3}, {}, nullptr));
  expectCalls("cuMemAlloc_v2", allocations, 0);
  expectScaled(a.read(), 2);
  expectScaled(b.read(), 3);
  std::vector<Segment> three = {a.segment(), b.segment(), more.segment()};
  EXPECT_FALSE(kernel.move(*partition, after, three)) << "another number of chunks";
}

TEST_F(CudaKernels, NumbersAreSentWhereTheyHaveChanged) {
  CudaKernel kernel = scale();
  Values a(100);
  auto partition = kernel.partition(std::vector<Segment>{a.segment()}, 1);
  for (float factor : {2.0f, 1.0f, 1.0f, 1.0f})
    ASSERT_FALSE(kernel.launch(*partition, std::vector<float>{factor}, {}, nullptr));
  int64_t copies = callsOf("cuMemcpyHtoDAsync_v2");
  ASSERT_FALSE(kernel.launch(*partition, std::vector<float>{1}, {}, nullptr));
  expectCalls("cuMemcpyHtoDAsync_v2", copies, 0);
  expectScaled(a.read(), 2);
}

TEST_F(CudaStandinKernels, TensorsSayWhichDevice) {
  auto second = Device::get(1);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ((*second)->name, "cuda:1 (stand-in 1)");
  CudaKernel kernel = scale();
  Address there = 0;
  {
    Current current(**second);
    ASSERT_FALSE(current.status());
    ASSERT_EQ(cuMemAlloc_v2(&there, 16), 0);
  }
  {
    Values onSecond(50, reinterpret_cast<void *>(there)), onFirst(50);
    ASSERT_FALSE(kernel.launch(std::vector<Segment>{onSecond.segment()}, std::vector<float>{2}));
    ASSERT_FALSE(kernel.launch(std::vector<Segment>{onFirst.segment()}, std::vector<float>{3}));
    expectScaled(onSecond.read(), 2);
    expectScaled(onFirst.read(), 3);
  }
  {
    Values onSecond(50, reinterpret_cast<void *>(there)), onFirst(50);
    ASSERT_FALSE(kernel.launch(std::vector<Segment>{onSecond.segment(), onFirst.segment()},
                               std::vector<float>{2}));
    std::vector<float> values(50);
    Status bad = deviceMemory()->copyOut(values.data(), onSecond.buffer.data(), 200, nullptr);
    ASSERT_TRUE(bad) << "one launch runs on one device";
    EXPECT_NE(bad->message.find("CUDA_ERROR_ILLEGAL_ADDRESS"), std::string::npos) << bad->message;
  }
}

TEST_F(CudaStandinKernels, OtherDevicesAreLeftAlone) {
  auto second = Device::get(1);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(standinLive(), 1);
  Current current(**second);
  Address there = 0;
  ASSERT_EQ(cuMemAlloc_v2(&there, 400), 0);
  Segment segment;
  segment.size = 100;
  segment.streams = {reinterpret_cast<void *>(there)};
  std::vector<float> zeros(100);
  ASSERT_FALSE(deviceMemory()->copyIn(segment.streams[0], zeros.data(), 400, nullptr));
  CudaKernel kernel = scale();
  ASSERT_FALSE(kernel.launch(std::vector<Segment>{segment}, std::vector<float>{2}));
  ASSERT_EQ(cuMemFree_v2(there), 0);
  // The second's context, the kernel's module and its table; nothing of the first device.
  EXPECT_EQ(standinLive(), 3);
}

TEST_F(CudaStandinKernels, TablesAreKeptForTheirStream) {
  CudaKernel kernel = scale();
  Values a(100), b(200);
  auto device = Device::get(0);
  ASSERT_TRUE(device) << device.error().message;
  Current current(**device);
  void *streams[2] = {};
  for (void *&stream : streams)
    ASSERT_EQ(cuStreamCreate(&stream, 0), 0);
  int64_t allocations = standinCalls("cuMemAlloc_v2"), releases = standinCalls("cuMemFree_v2");
  auto launch = [&](const Partition &partition, void *stream) {
    EXPECT_FALSE(kernel.launch(partition, std::vector<float>{1}, {}, stream));
  };
  auto partitionOf = [&](const Values &values) {
    return kernel.partition(std::vector<Segment>{values.segment()}, 1);
  };
  for (int k = 0; k < 3; ++k) {
    launch(*partitionOf(a), streams[0]);
    launch(*partitionOf(b), streams[0]);
  }
  EXPECT_EQ(standinCalls("cuMemAlloc_v2") - allocations, 1);
  EXPECT_EQ(standinCalls("cuMemFree_v2"), releases);
  // What two streams read may still be read by either.
  auto both = partitionOf(a);
  launch(*both, streams[0]);
  launch(*both, streams[1]);
  both.reset();
  EXPECT_EQ(standinCalls("cuMemFree_v2") - releases, 1);
  // Of what a graph reads, its replays are told nothing either.
  auto captured = partitionOf(a);
  void *graph = nullptr;
  launch(*captured, streams[0]);
  ASSERT_EQ(cuStreamBeginCapture_v2(streams[0], 0), 0);
  launch(*captured, streams[0]);
  ASSERT_EQ(cuStreamEndCapture(streams[0], &graph), 0);
  ASSERT_EQ(cuGraphDestroy(graph), 0);
  captured.reset();
  EXPECT_EQ(standinCalls("cuMemFree_v2") - releases, 2);
  for (void *stream : streams)
    ASSERT_EQ(cuStreamDestroy_v2(stream), 0);
  expectScaled(a.read(), 1);
}

TEST_F(CudaKernels, GraphsSeeNewNumbers) {
  CudaKernel kernel = scale();
  Values a(5000);
  auto device = Device::get(0);
  ASSERT_TRUE(device) << device.error().message;
  Current current(**device);
  void *stream = nullptr, *graph = nullptr, *executable = nullptr;
  ASSERT_EQ(cuStreamCreate(&stream, 0), 0);
  auto partition = kernel.partition(std::vector<Segment>{a.segment()}, 1);
  ASSERT_FALSE(kernel.launch(*partition, std::vector<float>{1}, {}, stream));

  ASSERT_EQ(cuStreamBeginCapture_v2(stream, 0), 0);
  Status captured = kernel.launch(*partition, std::vector<float>{100}, {}, stream);
  ASSERT_EQ(cuStreamEndCapture(stream, &graph), 0);
  ASSERT_FALSE(captured) << captured->message;
  ASSERT_EQ(cuGraphInstantiateWithFlags(&executable, graph, 0), 0);
  ASSERT_EQ(cuGraphDestroy(graph), 0);

  Values fresh(5000);
  std::vector<float> first = a.read();
  for (float factor : {2.0f, 3.0f}) {
    ASSERT_FALSE(kernel.update(*partition, std::vector<float>{factor}, {}, stream));
    ASSERT_EQ(cuGraphLaunch(executable, stream), 0);
  }
  ASSERT_EQ(cuStreamSynchronize(stream), 0);
  std::vector<float> after = a.read();
  for (size_t i = 0; i < after.size(); ++i) {
    float place = placeOf(i);
    ASSERT_EQ(after[i], (first[i] * 2 + place) * 3 + place) << i;
  }
  ASSERT_EQ(cuGraphExecDestroy(executable), 0);

  // What was never launched before: memory and code are taken beside the graph, and the table
  // follows with the numbers.
  CudaKernel another({"scale", {{"x", Access::InOut}}, {"scale"}}, {scalePtx, nullptr});
  partition = another.partition(std::vector<Segment>{fresh.segment()}, 1);
  first = fresh.read();
  ASSERT_EQ(cuStreamBeginCapture_v2(stream, 0), 0);
  captured = another.launch(*partition, std::vector<float>{100}, {}, stream);
  ASSERT_EQ(cuStreamEndCapture(stream, &graph), 0);
  ASSERT_FALSE(captured) << captured->message;
  ASSERT_EQ(cuGraphInstantiateWithFlags(&executable, graph, 0), 0);
  ASSERT_FALSE(another.update(*partition, std::vector<float>{2}, {}, stream));
  ASSERT_EQ(cuGraphLaunch(executable, stream), 0);
  ASSERT_EQ(cuStreamSynchronize(stream), 0);
  after = fresh.read();
  for (size_t i = 0; i < after.size(); ++i)
    ASSERT_EQ(after[i], first[i] * 2 + placeOf(i)) << i;
  ASSERT_EQ(cuGraphExecDestroy(executable), 0);
  ASSERT_EQ(cuGraphDestroy(graph), 0);
  ASSERT_EQ(cuStreamDestroy_v2(stream), 0);
}

TEST_F(CudaStandinKernels, FaultsCarryTheKernelsCode) {
  std::string ptx = scalePtx;
  ptx.replace(ptx.find("ld.global.b32 %r6, [%rd7]"), 25, "ld.global.b32 %r6, [%rd6]");
  CudaKernel kernel({"stray", {{"x", Access::InOut}}, {"scale"}}, {ptx, nullptr});
  Values a(100);
  ASSERT_FALSE(kernel.launch(std::vector<Segment>{a.segment()}, std::vector<float>{2}));
  std::vector<float> values(100);
  Status bad = deviceMemory()->copyOut(values.data(), a.buffer.data(), 400, nullptr);
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->kind, ErrorKind::Environment);
  EXPECT_NE(bad->message.find("CUDA_ERROR_ILLEGAL_ADDRESS (700): an illegal memory access was "
                              "encountered; the device is lost to this process: start again from "
                              "a checkpoint"),
            std::string::npos)
      << bad->message;
}

TEST(AllRegisters, ABlockAtLeastInsteadOfWhateverTheTextSays) {
  EXPECT_EQ(withAllRegisters(".entry a()\n.maxntid 256\n{\n}\n"
                             ".entry b()\n.maxntid 256\n.minnctapersm 2\n{\n}\n"),
            ".entry a()\n.maxntid 256\n.minnctapersm 1\n{\n}\n"
            ".entry b()\n.maxntid 256\n.minnctapersm 1\n{\n}\n");
  EXPECT_EQ(withAllRegisters(".entry a()\n{\n}\n"), ".entry a()\n{\n}\n");
}

// What the driver says of a code, and what to do about it.
TEST_F(CudaStandinKernels, CodesHaveRemedies) {
  Values a(100);
  auto failing = [&](const char *call, int code) {
    standinFail(call, 1, code);
    CudaKernel kernel = scale();
    Status bad = kernel.launch(std::vector<Segment>{a.segment()}, std::vector<float>{1});
    EXPECT_TRUE(bad);
    EXPECT_EQ(bad->kind, ErrorKind::Environment);
    return bad->message;
  };
  const std::string kernel = "CUDA: kernel `scale` on cuda:0 (stand-in 0): ";
  EXPECT_EQ(failing("cuLinkAddData_v2", 222),
            kernel + "cuLinkAddData_v2 gives CUDA_ERROR_UNSUPPORTED_PTX_VERSION (222): the "
                     "provided PTX was compiled with an unsupported toolchain; install a newer "
                     "driver");
  EXPECT_EQ(failing("cuModuleLoadDataEx", 209),
            kernel + "cuModuleLoadDataEx gives CUDA_ERROR_NO_BINARY_FOR_GPU (209): no kernel image "
                     "is available for execution on the device; compile for an older chip");
  EXPECT_EQ(failing("cuModuleGetFunction", 12345),
            kernel + "cuModuleGetFunction gives an unknown error (12345): no text");
  for (const char *call : {"cuStreamIsCapturing", "cuMemcpyHtoDAsync_v2", "cuLaunchKernel",
                           "cuOccupancyMaxActiveBlocksPerMultiprocessor"})
    EXPECT_EQ(failing(call, 3).find(std::string(call) == "cuMemcpyHtoDAsync_v2"
                                        ? "CUDA: copy of "
                                        : kernel + call + " gives "),
              0U)
        << call;
  EXPECT_FALSE(scale().launch(std::vector<Segment>{a.segment()}, std::vector<float>{1}));
  expectScaled(a.read(), 1);
}

TEST_F(CudaStandinKernels, RefusedPtxShowsTheLog) {
  CudaKernel kernel({"broken", {{"x", Access::InOut}}, {"scale"}},
                    {".version 8.0\n.target sm_80\n.address_size 64\nnonsense\n", nullptr});
  Values a(100);
  Status bad = kernel.launch(std::vector<Segment>{a.segment()}, std::vector<float>{2});
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->message,
            "CUDA: kernel `broken` on cuda:0 (stand-in 0): cuLinkAddData_v2 gives "
            "CUDA_ERROR_INVALID_PTX (218): a PTX JIT compilation failed; compile for an older "
            "chip\nline 4: unknown directive `nonsense`");
}

} // namespace
