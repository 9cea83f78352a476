// SPDX-License-Identifier: Apache-2.0
#include "check/image.hpp"

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include <elf.h>

namespace narthex::check {
namespace {

// Bytes of a file, by offset; nothing for what lies outside.
class Bytes {
 public:
  explicit Bytes(std::string all) : all_(std::move(all)) {}
  template <class T>
  std::optional<T> at(std::uint64_t offset) const {
    if (offset > all_.size() || all_.size() - offset < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, all_.data() + offset, sizeof value);
    return value;
  }
  std::string text(std::uint64_t offset) const {
    if (offset >= all_.size()) return {};
    const std::size_t end = all_.find('\0', offset);
    return all_.substr(offset, end == std::string::npos ? end : end - offset);
  }

 private:
  std::string all_;
};

std::vector<Elf64_Phdr> segments(const Bytes& bytes, const Elf64_Ehdr& head) {
  std::vector<Elf64_Phdr> list;
  for (unsigned i = 0; i < head.e_phnum; ++i) {
    if (const auto segment = bytes.at<Elf64_Phdr>(head.e_phoff + i * sizeof(Elf64_Phdr))) {
      list.push_back(*segment);
    }
  }
  return list;
}

// Where an address of the loaded image lies in the file.
std::uint64_t file_offset(const std::vector<Elf64_Phdr>& list, std::uint64_t address) {
  for (const Elf64_Phdr& s : list) {
    if (s.p_type == PT_LOAD && address >= s.p_vaddr && address - s.p_vaddr < s.p_filesz)
      return s.p_offset + (address - s.p_vaddr);
  }
  return UINT64_MAX;
}

void read_dynamic(const Bytes& bytes, const std::vector<Elf64_Phdr>& list,
                  const Elf64_Phdr& segment, ImageFacts& facts) {
  std::vector<std::uint64_t> names;
  std::uint64_t strings = UINT64_MAX;
  for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= segment.p_filesz; at += sizeof(Elf64_Dyn)) {
    const auto entry = bytes.at<Elf64_Dyn>(segment.p_offset + at);
    if (!entry || entry->d_tag == DT_NULL) break;
    if (entry->d_tag == DT_NEEDED) names.push_back(entry->d_un.d_val);
    if (entry->d_tag == DT_STRTAB) strings = file_offset(list, entry->d_un.d_ptr);
    if (entry->d_tag == DT_TEXTREL) facts.text_relocations = true;
    if (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0)
      facts.text_relocations = true;
  }
  if (strings == UINT64_MAX) return;
  for (const std::uint64_t name : names) facts.needed.push_back(bytes.text(strings + name));
}

}  // namespace

Result<ImageFacts> read_image_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return not_found("cannot open " + path);
  return read_image(std::string(std::istreambuf_iterator<char>(in), {}));
}

Result<ImageFacts> read_image(std::string all) {
  const Bytes bytes(std::move(all));
  const auto head = bytes.at<Elf64_Ehdr>(0);
  if (!head || std::memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
      head->e_ident[EI_CLASS] != ELFCLASS64) {
    return invalid_data("not a 64-bit ELF file");
  }
  ImageFacts facts;
  facts.executable_stack = true;  // what the kernel assumes when nothing is said
  const std::vector<Elf64_Phdr> list = segments(bytes, *head);
  for (const Elf64_Phdr& segment : list) {
    if (segment.p_type == PT_GNU_STACK) facts.executable_stack = (segment.p_flags & PF_X) != 0;
    if (segment.p_type == PT_GNU_RELRO) facts.relro = true;
    if (segment.p_type == PT_DYNAMIC) read_dynamic(bytes, list, segment, facts);
  }
  return facts;
}

bool is_system_library(std::string_view name) {
  constexpr std::array<std::string_view, 8> kSystem = {
      "libc.so.",       "libm.so.",  "libstdc++.so.", "libgcc_s.so.",
      "libpthread.so.", "libdl.so.", "librt.so.",     "ld-linux"};
  for (const std::string_view each : kSystem) {
    if (name.starts_with(each)) return true;
  }
  return false;
}

}  // namespace narthex::check
