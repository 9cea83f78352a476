// SPDX-License-Identifier: Apache-2.0
// sources.hpp - the files a configuration is read from: the main file, conf.d/*.toml beside it, and
// what scrape_config_files names.
//
// While a file is read, ${VAR} is expanded (TOML: in every string but regexes and replacements;
// prometheus.yml: in external_labels, as Prometheus does), and the relative paths of *_file keys
// and file lists become relative to the file's folder.
#pragma once

#include "config/diagnostics.hpp"
#include "config/environment.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace narthex::config {

// Null after an error.
DocumentRef read_file(const std::string& file, const Environment& environment,
                      Diagnostics& diagnostics);
// The text as a document of the given name; the embedded default is read so.
DocumentRef read_text(document::Format format, const std::string& name, std::string_view text,
                      const Environment& environment, Diagnostics& diagnostics);
// The main file and its conf.d, in order of reading. Files with errors are left out.
std::vector<DocumentRef> read_main(const std::string& file, const Environment& environment,
                                   Diagnostics& diagnostics);
// The files that a glob pattern names, sorted; an error when the pattern itself is bad.
std::vector<std::string> expand_glob(const Part& pattern, Diagnostics& diagnostics);

}  // namespace narthex::config
