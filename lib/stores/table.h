// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The table of a store that keeps its rows in one.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace larder::stores {

// What stands for <t> in the text, everywhere.
inline std::string with_table(std::string_view text, std::string_view table) {
  std::string filled;
  for (std::size_t at = 0;;) {
    const std::size_t next = text.find("<t>", at);
    filled += text.substr(at, next - at);
    if (next == std::string_view::npos) return filled;
    filled += table;
    at = next + 3;
  }
}

// As the database describes it: its type, and what else matters to a store.
struct Column {
  std::string name;
  std::string is;
};

// What is wrong with a table that somebody else may have made, and what to do; empty: nothing. `theirs` are those
// columns that have a name of ours, and those that must be given a value.
inline std::string wrong_with(std::string_view table, std::span<const Column> ours, std::span<const Column> theirs) {
  std::string wrong;
  const auto find = [](std::span<const Column> among, const Column& one) {
    return std::find_if(among.begin(), among.end(), [&](const Column& other) { return other.name == one.name; });
  };
  const auto add = [&](const std::string& text) { wrong += (wrong.empty() ? "" : "; ") + text; };
  for (const Column& our : ours) {
    const auto their = find(theirs, our);
    if (their == theirs.end()) {
      add("it has no column " + our.name);
    } else if (their->is != our.is) {
      add("its column " + our.name + " is " + their->is + ", not " + our.is);
    }
  }
  for (const Column& their : theirs) {
    if (find(ours, their) == ours.end()) add("its column " + their.name + " must be given a value");
  }
  if (wrong.empty()) return wrong;
  return "the table \"" + std::string(table) + "\" is not a store's: " + wrong +
         "; name another table, which is made then, or rename that one";
}

}  // namespace larder::stores
