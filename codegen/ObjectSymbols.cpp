// Reads the symbol table of an object file.
#include "codegen/ObjectSymbols.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ObjectFile.h"

#include <string>
#include <vector>

namespace bregman {

/// The names of the symbols that `file` uses without defining them.
static llvm::Expected<std::vector<std::string>> undefinedSymbols(llvm::object::ObjectFile &file) {
  std::vector<std::string> names;
  for (const llvm::object::SymbolRef &symbol : file.symbols()) {
    llvm::Expected<uint32_t> flags = symbol.getFlags();
    if (!flags)
      return flags.takeError();
    if (!(*flags & llvm::object::SymbolRef::SF_Undefined))
      continue;
    llvm::Expected<llvm::StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    // ELF's first symbol is undefined and has no name.
    if (!name->empty())
      names.push_back(name->str());
  }
  return names;
}

llvm::Error verifyStandsAlone(llvm::MemoryBufferRef object) {
  auto file = llvm::object::ObjectFile::createObjectFile(object);
  if (!file)
    return file.takeError();
  auto names = undefinedSymbols(**file);
  if (!names)
    return names.takeError();
  if (names->empty())
    return llvm::Error::success();
  return llvm::createStringError("the compiled code needs '" + llvm::join(*names, "', '") +
                                 "' from outside; every function must be expanded before code "
                                 "generation");
}

} // namespace bregman
