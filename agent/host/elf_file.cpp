// SPDX-License-Identifier: Apache-2.0
#include "host/elf_file.hpp"

#include <narthex/plugin.h>

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace narthex::host {
namespace {

constexpr std::size_t kExportsMax = 64;

// A T at an offset, when it lies within bytes. Copied: offsets of a hostile file are not aligned.
template <class T>
std::optional<T> load(std::string_view bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::optional<std::string_view> slice(std::string_view bytes, std::uint64_t offset,
                                      std::uint64_t size) {
  if (offset > bytes.size() || bytes.size() - offset < size) return std::nullopt;
  return bytes.substr(offset, size);
}

std::string hexadecimal(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[(static_cast<unsigned char>(c) >> 4) & 15];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

void take_plugin_note(std::string_view desc, ElfFacts& facts) {
  const auto major = load<std::uint32_t>(desc, 0);
  const auto minor = load<std::uint32_t>(desc, 4);
  if (!major || !minor) return;
  std::string_view text = desc.substr(8);
  text = text.substr(0, text.find('\0'));
  const std::size_t border = text.find('\n');
  if (border == std::string_view::npos) return;
  facts.has_note = true;
  facts.abi_major = *major;
  facts.abi_minor = *minor;
  facts.id = text.substr(0, border);
  facts.version = text.substr(border + 1);
}

// Walks the notes of one segment. Name and descriptor are padded to the segment's alignment.
void read_notes(std::string_view notes, std::uint64_t align, ElfFacts& facts) {
  const std::uint64_t unit = align == 8 ? 8 : 4;
  const auto padded = [unit](std::uint64_t size) { return (size + unit - 1) / unit * unit; };
  std::uint64_t at = 0;
  while (const auto header = load<Elf64_Nhdr>(notes, at)) {
    const std::uint64_t name_at = at + sizeof *header;
    const std::uint64_t desc_at = name_at + padded(header->n_namesz);
    const auto name = slice(notes, name_at, header->n_namesz);
    const auto desc = slice(notes, desc_at, header->n_descsz);
    if (!name || !desc) return;
    if (header->n_type == NX_NOTE_TYPE && *name == std::string_view("NARTHEX\0", 8)) {
      take_plugin_note(*desc, facts);
    } else if (header->n_type == NT_GNU_BUILD_ID && *name == std::string_view("GNU\0", 4)) {
      facts.build_id = hexadecimal(*desc);
    }
    at = desc_at + padded(header->n_descsz);
  }
}

void read_segments(std::string_view bytes, const Elf64_Ehdr& header, ElfFacts& facts) {
  for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = load<Elf64_Phdr>(bytes, header.e_phoff + i * sizeof(Elf64_Phdr));
    if (!segment) return;
    if (segment->p_type != PT_NOTE) continue;
    if (const auto notes = slice(bytes, segment->p_offset, segment->p_filesz)) {
      read_notes(*notes, segment->p_align, facts);
    }
  }
}

void read_symbols(std::string_view symbols, std::string_view names, ElfFacts& facts) {
  for (std::uint64_t at = 0; facts.exports.size() < kExportsMax; at += sizeof(Elf64_Sym)) {
    const auto symbol = load<Elf64_Sym>(symbols, at);
    if (!symbol) return;
    const bool defined = symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS;
    if (!defined || ELF64_ST_BIND(symbol->st_info) == STB_LOCAL) continue;
    if (symbol->st_name >= names.size()) continue;
    const std::string_view rest = names.substr(symbol->st_name);
    facts.exports.emplace_back(rest.substr(0, rest.find('\0')));
  }
}

void read_sections(std::string_view bytes, const Elf64_Ehdr& header, ElfFacts& facts) {
  const auto section = [&](std::uint64_t i) {
    return load<Elf64_Shdr>(bytes, header.e_shoff + i * sizeof(Elf64_Shdr));
  };
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    const auto table = section(i);
    if (!table) return;
    if (table->sh_type != SHT_DYNSYM || table->sh_link >= header.e_shnum) continue;
    const auto strings = section(table->sh_link);
    if (!strings) return;
    const auto symbols = slice(bytes, table->sh_offset, table->sh_size);
    const auto names = slice(bytes, strings->sh_offset, strings->sh_size);
    if (symbols && names) read_symbols(*symbols, *names, facts);
  }
}

// A file mapped for reading.
class Mapping {
 public:
  explicit Mapping(int fd) {
    struct stat info {};
    if (::fstat(fd, &info) != 0 || info.st_size <= 0) return;
    size_ = static_cast<std::size_t>(info.st_size);
    void* at = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at != MAP_FAILED) data_ = at;
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (data_ != nullptr) ::munmap(data_, size_);
  }
  std::string_view bytes() const {
    return data_ != nullptr ? std::string_view(static_cast<const char*>(data_), size_)
                            : std::string_view();
  }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace

Result<ElfFacts> read_elf(std::string_view bytes) {
  const auto header = load<Elf64_Ehdr>(bytes, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
    return invalid_data("not an ELF file");
  }
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB) {
    return invalid_data("not a 64-bit little-endian ELF file");
  }
  if (header->e_type != ET_DYN) return invalid_data("not a shared library");
  if (header->e_phentsize != sizeof(Elf64_Phdr)) return invalid_data("damaged ELF header");
  ElfFacts facts;
  read_segments(bytes, *header, facts);
  if (header->e_shentsize == sizeof(Elf64_Shdr)) read_sections(bytes, *header, facts);
  return facts;
}

Result<ElfFacts> read_elf_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return io_error("cannot open: " + std::string(std::strerror(errno)));
  const Mapping mapping(fd);
  ::close(fd);
  return read_elf(mapping.bytes());
}

}  // namespace narthex::host
