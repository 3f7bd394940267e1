// Runs ptxas, nvdisasm and cuobjdump on files in the folder for temporary ones.
#include "frontend/CudaTools.h"
#include "codegen/CudaABI.h"
#include "runtime/cuda/AllRegisters.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace bregman {

namespace {
/// A temporary file that goes when it is no longer needed.
class Scratch {
public:
  static Expected<Scratch> create(StringRef suffix) {
    SmallString<128> path;
    if (std::error_code failed = sys::fs::createTemporaryFile("bregman", suffix, path))
      return createStringError(failed, "no temporary file: " + failed.message());
    return Scratch(path);
  }

  StringRef path() const { return name; }
  Error write(StringRef text) const {
    std::error_code failed;
    raw_fd_ostream stream(name, failed);
    stream << text;
    stream.close();
    if (!failed)
      failed = stream.error();
    stream.clear_error();
    return failed ? createStringError(failed, name + ": " + failed.message()) : Error::success();
  }
  std::string read() const {
    auto text = MemoryBuffer::getFile(name);
    return text ? (*text)->getBuffer().str() : "";
  }

private:
  explicit Scratch(StringRef path) : name(path.str()), remover(name) {}

  std::string name;
  FileRemover remover;
};

/// What a program says, on both streams.
Expected<std::string> run(StringRef program, ArrayRef<StringRef> arguments) {
  Expected<Scratch> output = Scratch::create("log");
  if (!output)
    return output.takeError();
  SmallVector<StringRef> all{program};
  all.append(arguments.begin(), arguments.end());
  std::optional<StringRef> redirects[] = {StringRef(""), output->path(), output->path()};
  std::string problem;
  int code = sys::ExecuteAndWait(program, all, /*Env=*/std::nullopt, redirects,
                                 /*SecondsToWait=*/120, /*MemoryLimit=*/0, &problem);
  std::string said = output->read();
  if (code != 0)
    return createStringError(program + " failed: " + (problem.empty() ? said : problem));
  return said;
}

/// The number in front of the first `unit` in `text`, or 0.
int numberBefore(StringRef text, StringRef unit) {
  StringRef front = text.take_front(text.find(unit));
  if (front.size() == text.size())
    return 0;
  StringRef digits = front.rtrim();
  digits = digits.drop_front(digits.find_last_not_of("0123456789") + 1);
  int number = 0;
  return digits.getAsInteger(10, number) ? 0 : number;
}
} // namespace

bool hasPtxas() { return bool(sys::findProgramByName("ptxas")); }

static Expected<std::string> assembleOnce(StringRef ptx, StringRef chip, const Scratch &cubin) {
  auto ptxas = sys::findProgramByName("ptxas");
  if (!ptxas)
    return createStringError("ptxas, which comes with NVIDIA's CUDA toolkit, is not in PATH");
  Expected<Scratch> source = Scratch::create("ptx");
  if (!source)
    return source.takeError();
  if (Error failed = source->write(ptx))
    return failed;
  std::string architecture = ("-arch=" + chip).str();
  return run(*ptxas, {"-v", "-lineinfo", architecture, source->path(), "-o", cubin.path()});
}

/// As it is done on a device: what spills is made again.
static Expected<std::string> assemble(StringRef ptx, StringRef chip, const Scratch &cubin) {
  Expected<std::string> said = assembleOnce(ptx, chip, cubin);
  if (!said || numberBefore(*said, " bytes stack frame") == 0)
    return said;
  return assembleOnce(cuda::withAllRegisters(ptx.str()), chip, cubin);
}

Expected<CudaResources> resourcesOf(StringRef ptx, StringRef chip) {
  Expected<Scratch> cubin = Scratch::create("cubin");
  if (!cubin)
    return cubin.takeError();
  Expected<std::string> said = assemble(ptx, chip, *cubin);
  if (!said)
    return said.takeError();
  return CudaResources{.registers = numberBefore(*said, " registers"),
                       .spilled = numberBefore(*said, " bytes spill stores") +
                                  numberBefore(*said, " bytes spill loads"),
                       .shared = numberBefore(*said, " bytes smem")};
}

Expected<std::string> disassemble(StringRef ptx, StringRef chip, bool lines) {
  auto nvdisasm = sys::findProgramByName("nvdisasm");
  auto cuobjdump = sys::findProgramByName("cuobjdump");
  if (!nvdisasm && (lines || !cuobjdump))
    return createStringError(
        Twine(lines ? "nvdisasm, which comes" : "neither nvdisasm nor cuobjdump, which come") +
        " with NVIDIA's CUDA toolkit, is " + (lines ? "not " : "") + "in PATH");
  Expected<Scratch> cubin = Scratch::create("cubin");
  if (!cubin)
    return cubin.takeError();
  if (Expected<std::string> said = assemble(ptx, chip, *cubin); !said)
    return said.takeError();
  if (!nvdisasm)
    return run(*cuobjdump, {"-sass", cubin->path()});
  SmallVector<StringRef> arguments{"-c"};
  if (lines)
    arguments.push_back("-g");
  arguments.push_back(cubin->path());
  return run(*nvdisasm, arguments);
}

int blocksPerMultiprocessor(const CudaResources &resources, StringRef chip) {
  // Of NVIDIA's table of compute capabilities: 64 warps and 65536 registers on each of these chips.
  constexpr int warps = abi::cuda::threads / 32;
  int byThreads = 64 / warps;
  int registers = static_cast<int>(alignTo(std::max(resources.registers, 16), 8));
  int byRegisters = 65536 / (registers * abi::cuda::threads);
  int memory = (chip == "sm_80" ? 164 : 228) << 10;
  int byShared = memory / (resources.shared + 1024); // which the system takes of each block's
  return std::min({byThreads, byRegisters, byShared});
}

} // namespace bregman
