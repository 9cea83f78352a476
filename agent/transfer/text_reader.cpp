// SPDX-License-Identifier: Apache-2.0
#include "transfer/text_reader.hpp"

#include "blocks/mapped_file.hpp"

#include <narthex/protocol.h>
#include <narthex/sdk/buffer.hpp>
#include <narthex/sdk/text.hpp>

#include <algorithm>
#include <charconv>
#include <functional>
#include <unordered_map>

namespace narthex::transfer {

namespace {

constexpr std::string_view kEnd = "# EOF";
constexpr std::string_view kOpenMetrics =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";
constexpr std::string_view kPlainText = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::size_t kKeysMax = 1'000'000;

std::size_t lines_in(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

bool is_open_metrics(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return text.ends_with(kEnd);
}

// Where the piece that begins `text` ends: after a line, the first one beyond `size`.
std::size_t piece_end(std::string_view text, std::size_t size) {
  if (text.size() <= size) return text.size();
  const std::size_t newline = text.find('\n', size);
  return newline == std::string_view::npos ? text.size() : newline + 1;
}

// The last "# TYPE" line of a piece: what follows the cut may belong to that family.
std::string_view last_type_line(std::string_view piece) {
  std::size_t at = piece.rfind("\n# TYPE ");
  if (at == std::string_view::npos) {
    if (!piece.starts_with("# TYPE ")) return {};
    at = 0;
  } else {
    ++at;
  }
  return piece.substr(at, piece.find('\n', at) + 1 - at);
}

// Looks up string keys by views.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

// One parser at work on one file.
class FileParse {
 public:
  FileParse(host::Instance& parser, std::string_view content_type, Loader& loader)
      : parser_(parser),
        table_(*static_cast<const nx_parser*>(parser.table(NX_PARSER_ID))),
        parse_(parser.site(NX_PARSER_ID ".parse", 0)),
        labels_(parser.site(NX_PARSER_ID ".labels", 0)),
        content_type_(content_type),
        loader_(loader),
        scratch_(table_.scratch_new(parser.self())) {}
  FileParse(const FileParse&) = delete;
  FileParse& operator=(const FileParse&) = delete;
  ~FileParse() { table_.scratch_free(scratch_); }

  // `first_line` is the number in the file of the first line of `piece`.
  Status parse(std::string piece, std::int64_t first_line) {
    const BufferRef body = make_buffer(std::move(piece));
    piece_ = body.text();
    first_line_ = first_line;
    nx_parse_opts opts{};
    opts.struct_size = sizeof opts;
    opts.flags = NX_PARSE_HONOR_T;
    opts.content_type = to_nx(content_type_);
    failure_ = Status();
    const Status parsed = parser_.call(parse_, [&](void* self, nx_error* err) {
      return table_.parse(self, scratch_, body.get(), &opts, &FileParse::take, this, err);
    });
    if (!failure_.ok()) return failure_;
    return parsed.ok() ? parsed : Status(parsed.code(), with_line_of_file(parsed.message()));
  }

 private:
  static nx_status take(void* context, const nx_parsed* parsed) {
    auto& self = *static_cast<FileParse*>(context);
    self.failure_ = self.take_rows(*parsed);
    return self.failure_.ok() ? nx_status{NX_OK} : self.failure_.code();
  }

  Status take_rows(const nx_parsed& parsed) {
    const nx_sample_batch& batch = *parsed.batch;
    for (std::uint32_t i = 0; i < batch.meta_count; ++i) {
      const nx_metadata& meta = batch.meta[i];
      loader_.family({std::string(view(meta.family)), std::string(view(meta.unit)),
                      std::string(view(meta.help)), meta.type});
    }
    if (Status status = number_rows(parsed); !status.ok()) return status;
    std::uint32_t exemplar = 0;
    for (std::uint64_t row = 0; row < batch.rows; ++row) {
      if (!has_time(parsed, row)) {
        return invalid_data("line " + std::to_string(line_of(parsed.key[row])) +
                            ": the sample has no timestamp");
      }
      if (numbers_[row] == Loader::kUnwanted) continue;
      const bool histogram = batch.h != nullptr && batch.h[row] != NX_NONE;
      const std::uint32_t first_histogram = 0;
      blocks::SampleView one{{batch.t + row, 1}, {batch.v + row, 1}, {}, {}};
      if (histogram) {
        one.h = {&first_histogram, 1};
        one.hists = {batch.hists + batch.h[row], 1};
      }
      Status status = loader_.samples(numbers_[row], one);
      for (; status.ok() && exemplar < batch.exemplar_count && batch.exemplars[exemplar].row <= row;
           ++exemplar) {
        if (batch.exemplars[exemplar].row == row) status = add_exemplar(batch, exemplar);
      }
      if (!status.ok()) return status;
    }
    return Status();
  }

  Status add_exemplar(const nx_sample_batch& batch, std::uint32_t i) {
    nx_exemplar exemplar = batch.exemplars[i];
    if ((exemplar.flags & NX_EXEMPLAR_HAS_T) == 0) exemplar.t = batch.t[exemplar.row];
    return loader_.exemplar(numbers_[exemplar.row], exemplar);
  }

  static bool has_time(const nx_parsed& parsed, std::uint64_t row) {
    return parsed.own_t != nullptr && (parsed.own_t[row / 64] >> (row % 64) & 1) != 0;
  }

  // The loader's number of each row's series.
  Status number_rows(const nx_parsed& parsed) {
    if (known_.size() > kKeysMax) {
      known_.clear();
      if (Status released = loader_.release(); !released.ok()) return released;
    }
    const std::uint64_t rows = parsed.batch->rows;
    numbers_.assign(rows, Loader::kUnwanted);
    std::vector<nx_str> missing;
    std::vector<std::uint64_t> missing_rows;
    for (std::uint64_t row = 0; row < rows; ++row) {
      // Dumps have the samples of a series in a row.
      if (row > 0 && numbers_[row - 1] != Loader::kUnwanted &&
          view(parsed.key[row]) == view(parsed.key[row - 1])) {
        numbers_[row] = numbers_[row - 1];
        continue;
      }
      const auto known = known_.find(view(parsed.key[row]));
      if (known != known_.end()) {
        numbers_[row] = known->second;
        continue;
      }
      missing.push_back(parsed.key[row]);
      missing_rows.push_back(row);
    }
    if (missing.empty()) return Status();
    MissingRows context{*this, parsed, missing_rows};
    return parser_.call(labels_, [&](void* self, nx_error* err) {
      return table_.labels(self, scratch_, missing.data(), missing.size(), &FileParse::take_labels,
                           &context, err);
    });
  }

  struct MissingRows {
    FileParse& self;
    const nx_parsed& parsed;
    const std::vector<std::uint64_t>& rows;
  };
  static void take_labels(void* context, const nx_series_table* table) {
    const auto& missing = *static_cast<MissingRows*>(context);
    FileParse& self = missing.self;
    std::vector<nx_label> labels;
    for (std::uint32_t i = 0; i < table->series_count && i < missing.rows.size(); ++i) {
      const std::uint64_t row = missing.rows[i];
      const std::string_view key = view(missing.parsed.key[row]);
      const auto known = self.known_.find(key);  // the same series twice in this batch
      if (known == self.known_.end()) {
        labels.clear();
        for (std::uint32_t p = table->label_off[i]; p < table->label_off[i + 1]; ++p) {
          labels.push_back({table->symbols[table->label_ref[2 * p]],
                            table->symbols[table->label_ref[2 * p + 1]]});
        }
        self.numbers_[row] = self.loader_.series(labels);
        self.known_.emplace(key, self.numbers_[row]);
      } else {
        self.numbers_[row] = known->second;
      }
    }
  }

  // The line in the file of a key, which is a slice of the piece where it can be.
  std::int64_t line_of(nx_str key) const {
    if (key.ptr < piece_.data() || key.ptr > piece_.data() + piece_.size()) return first_line_;
    const auto before = static_cast<std::size_t>(key.ptr - piece_.data());
    return first_line_ + static_cast<std::int64_t>(lines_in(piece_.substr(0, before)));
  }

  // "line 3, column 5: ..." of the piece as a line of the file.
  std::string with_line_of_file(const std::string& message) const {
    constexpr std::string_view kLine = "line ";
    if (!message.starts_with(kLine)) return message;
    std::int64_t line = 0;
    const char* const begin = message.data() + kLine.size();
    const auto [end, error] = std::from_chars(begin, message.data() + message.size(), line);
    if (error != std::errc()) return message;
    return std::string(kLine) + std::to_string(first_line_ + line - 1) +
           message.substr(static_cast<std::size_t>(end - message.data()));
  }

  host::Instance& parser_;
  const nx_parser& table_;
  const host::CallSite parse_, labels_;
  const std::string content_type_;
  Loader& loader_;
  void* const scratch_;
  std::unordered_map<std::string, std::uint64_t, TextHash, std::equal_to<>>
      known_;                           // key -> number
  std::vector<std::uint64_t> numbers_;  // of the rows of this batch
  std::string_view piece_;
  std::int64_t first_line_ = 1;
  Status failure_;
};

host::Instance* parser_of(const std::vector<std::shared_ptr<host::Instance>>& parsers,
                          std::string_view media) {
  for (const auto& instance : parsers) {
    const auto* table = static_cast<const nx_parser*>(instance->table(NX_PARSER_ID));
    for (std::uint64_t i = 0; table != nullptr && i < table->content_type_count; ++i) {
      if (view(table->content_types[i]).starts_with(media)) return instance.get();
    }
  }
  return nullptr;
}

}  // namespace

TextReader::TextReader(std::vector<std::shared_ptr<host::Instance>> parsers)
    : parsers_(std::move(parsers)) {}

Status TextReader::read(const std::string& path, Loader& loader) {
  const Result<blocks::MappedFile> file = blocks::MappedFile::open(path);
  if (!file.ok()) return file.status();
  const std::string_view text = file->bytes();
  const bool open_metrics = is_open_metrics(text);
  const std::string_view content_type = open_metrics ? kOpenMetrics : kPlainText;
  host::Instance* parser = parser_of(parsers_, content_type.substr(0, content_type.find(';')));
  if (parser == nullptr) {
    return not_found("no plugin reads " + std::string(content_type) + ", which " + path + " is");
  }
  FileParse parse(*parser, content_type, loader);
  std::int64_t line = 1;
  std::string carried;  // in front of the piece
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = piece_end(text.substr(at), piece_bytes_);
    const std::string_view piece = text.substr(at, size);
    const bool last = at + size == text.size();
    std::string body;
    body.reserve(carried.size() + piece.size() + kEnd.size() + 1);
    body += carried;
    body += piece;
    if (open_metrics && !last) (body += kEnd) += '\n';
    const auto carried_lines = static_cast<std::int64_t>(lines_in(carried));
    const Status parsed = parse.parse(std::move(body), line - carried_lines);
    if (!parsed.ok()) return parsed.with_prefix(path);
    if (const std::string_view type = last_type_line(piece); !type.empty()) carried = type;
    line += static_cast<std::int64_t>(lines_in(piece));
    at += size;
    loader.progress(size);
  }
  return loader.release();
}

}  // namespace narthex::transfer
