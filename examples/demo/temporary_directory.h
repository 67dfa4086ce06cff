// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A directory of one's own, which goes with all that is in it.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace demo {

class TemporaryDirectory {
 public:
  // Throws std::runtime_error where none can be made.
  explicit TemporaryDirectory(bool keep) : keep_(keep) {
    std::error_code error;
    const std::filesystem::path parent = std::filesystem::temp_directory_path(error);
    std::string name = (parent / "larder-demo-XXXXXX").string();
    if (error || mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error("cannot make a directory for the database in " + parent.string() + " (" +
                               (error ? error.message() : std::strerror(errno)) +
                               "): point TMPDIR to one that is writable");
    }
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!keep_) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool keep_;
};

}  // namespace demo
