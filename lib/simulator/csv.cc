// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Rows of fields: one request a line. The delimiter is a tab, a semicolon, a comma, a bar or a space, the first of
// these that the first line has. A field may stand in quotes, and then have the delimiter in it, but no line end: that
// is an error.
//
// Columns: key; size in bytes; time and ttl in seconds, with decimals if need be; op (get, set, delete, and the names
// that Redis and memcached have for them). Which is where says TraceOptions::columns; of what it does not say, the
// first line by the names below, if it has names. Times count only where there is a ttl.
#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>
#include <vector>

#include "simulator/comma_list.h"
#include "simulator/trace_formats.h"

namespace larder::simulator {
namespace {

enum Column : std::size_t { kKey, kSize, kTime, kOp, kTtl, kColumns };
constexpr std::array<std::string_view, kColumns> kColumnNames{"key", "size", "time", "op", "ttl"};

struct Alias {
  std::string_view name;
  Column column;
};
constexpr Alias kAliases[] = {
    {"key", kKey},        {"id", kKey},          {"obj_id", kKey},    {"object_id", kKey},    {"object", kKey},
    {"size", kSize},      {"bytes", kSize},      {"obj_size", kSize}, {"object_size", kSize}, {"time", kTime},
    {"timestamp", kTime}, {"clock_time", kTime}, {"op", kOp},         {"operation", kOp},     {"command", kOp},
    {"cmd", kOp},         {"ttl", kTtl}};

struct OpName {
  std::string_view name;
  Trace::Op op;
};
constexpr OpName kOps[] = {
    {"get", Trace::Op::kGet},       {"gets", Trace::Op::kGet},      {"mget", Trace::Op::kGet},
    {"getex", Trace::Op::kGet},     {"read", Trace::Op::kGet},      {"set", Trace::Op::kSet},
    {"setex", Trace::Op::kSet},     {"psetex", Trace::Op::kSet},    {"setnx", Trace::Op::kSet},
    {"getset", Trace::Op::kSet},    {"mset", Trace::Op::kSet},      {"add", Trace::Op::kSet},
    {"replace", Trace::Op::kSet},   {"cas", Trace::Op::kSet},       {"append", Trace::Op::kSet},
    {"prepend", Trace::Op::kSet},   {"incr", Trace::Op::kSet},      {"decr", Trace::Op::kSet},
    {"incrby", Trace::Op::kSet},    {"decrby", Trace::Op::kSet},    {"put", Trace::Op::kSet},
    {"write", Trace::Op::kSet},     {"delete", Trace::Op::kDelete}, {"del", Trace::Op::kDelete},
    {"unlink", Trace::Op::kDelete}, {"getdel", Trace::Op::kDelete}, {"remove", Trace::Op::kDelete}};

constexpr std::string_view kDelimiters = "\t;,| ";

char delimiter_of(std::string_view line) {
  for (const char one : kDelimiters) {
    if (line.find(one) != std::string_view::npos) return one;
  }
  return ',';
}

std::string_view without_mark(std::string_view line) {
  if (line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);  // a byte order mark
  return line;
}

bool names_a_key(std::string_view field) {
  return std::any_of(std::begin(kAliases), std::end(kAliases),
                     [&](const Alias& alias) { return alias.column == kKey && lower(field) == alias.name; });
}

// Up to `most` fields of a line. What stands in quotes is one field, and doubled quotes in it stay doubled. False if a
// quote is open at the end.
bool split(std::string_view line, char delimiter, std::size_t most, std::vector<std::string_view>& fields) {
  fields.clear();
  while (fields.size() < most) {
    std::size_t end = 0;
    if (line.starts_with('"')) {
      end = 1;
      while (end < line.size() && (line[end] != '"' || line.substr(end, 2) == "\"\"")) end += line[end] == '"' ? 2 : 1;
      if (end >= line.size()) return false;
    }
    end = line.find(delimiter, std::min(end, line.size()));
    std::string_view field = trimmed(line.substr(0, end));
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"') field = field.substr(1, field.size() - 2);
    fields.push_back(field);
    if (end == std::string_view::npos) break;
    line.remove_prefix(end + 1);
  }
  return true;
}

bool read_whole(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// Seconds with decimals, as milliseconds; finer ones are cut off.
bool read_seconds(std::string_view text, std::uint64_t& milliseconds) {
  const std::size_t point = text.find('.');
  std::uint64_t seconds = 0;
  if (!read_whole(text.substr(0, point), seconds) || seconds > UINT64_MAX / 2'000) return false;
  milliseconds = seconds * 1'000;
  if (point == std::string_view::npos) return true;
  if (point + 1 == text.size()) return false;
  std::uint64_t factor = 100;
  for (const char c : text.substr(point + 1)) {
    if (c < '0' || c > '9') return false;
    milliseconds += factor * static_cast<std::uint64_t>(c - '0');
    factor /= 10;
  }
  return true;
}

class CsvParser {
 public:
  CsvParser(TraceSource& source, const TraceOptions& options, Trace& trace)
      : lines_(source, options.line_bytes_max), options_(options), trace_(trace) {}

  std::string parse() {
    bool first = true;
    while (const auto line = lines_.next()) {
      if (trimmed(*line).empty()) continue;
      std::string error = first ? begin(without_mark(*line)) : take(*line);
      if (!error.empty()) return error;
      first = false;
    }
    trace_.objects = keys_.size();
    return lines_.error();
  }

 private:
  // The first line: names of columns, or the first request already.
  std::string begin(std::string_view line) {
    delimiter_ = delimiter_of(line);
    if (!split(line, delimiter_, kFieldsMax, fields_)) return open_quote(line);
    std::string error = options_.columns.empty() ? std::string() : columns_as_told(line);
    if (!error.empty()) return error;
    const bool has_names = names_columns();
    if (has_names) error = columns_by_names();
    if (!error.empty()) return error;
    if (!has(kKey)) return no_keys();
    has_moments_ = has(kTtl);
    if (has_moments_ && !has(kTime)) {
      return "has a column ttl and none of times, which it needs: --columns time=NAME names one, ttl=0 leaves ttl out";
    }
    fields_needed_ = *std::max_element(places_.begin(), places_.end());
    return has_names ? std::string() : take(line);
  }

  // With the names that there are, the first few of them.
  std::string no_keys() const {
    constexpr std::size_t kShownMax = 8;
    std::string error = "has no column of keys: the first line has ";
    for (std::size_t i = 0; i < std::min(fields_.size(), kShownMax); ++i)
      error += (i == 0 ? "" : ", ") + shown(fields_[i]);
    error += fields_.size() > kShownMax ? ", ..., and keys are in a column" : ", and keys are in a column";
    const char* before = " ";
    for (const Alias& alias : kAliases) {
      if (alias.column == kKey) error += std::exchange(before, ", ") + std::string(alias.name);
    }
    return error + ", or --columns key=NAME (or key=1, its number); is it one key a line, say --input-format keys";
  }

  std::string open_quote(std::string_view line) const {
    return lines_.where() +
           " has a quote that is not closed in that line, and a field may have no line end in it: " + shown(line);
  }

  bool has(Column column) const { return places_[column] != 0; }

  static std::string two_columns_for(const std::string& column) {
    std::string wrong = "has two columns for " + column;
    wrong += ": say which by --columns ";
    wrong += column;
    return wrong += "=NAME";
  }

  // Those that were not told, among fields that were not.
  std::string columns_by_names() {
    const std::array<std::size_t, kColumns> told = places_;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (std::find(told.begin(), told.end(), i + 1) != told.end()) continue;
      for (const Alias& alias : kAliases) {
        if (lower(fields_[i]) != alias.name || told_[alias.column]) continue;
        if (has(alias.column)) return two_columns_for(std::string(kColumnNames[alias.column]));
        places_[alias.column] = i + 1;
      }
    }
    return {};
  }

  std::string columns_as_told(std::string_view line) {
    for (const std::string_view pair : comma_pieces(options_.columns)) {
      const std::size_t equals = pair.find('=');
      const auto named = std::find(kColumnNames.begin(), kColumnNames.end(), pair.substr(0, equals));
      if (equals == std::string_view::npos || named == kColumnNames.end()) {
        return "columns are given as key=1,size=2,time=3,op=4,ttl=5, not as " + shown(pair);
      }
      const std::string_view place = pair.substr(equals + 1);
      std::uint64_t number = 0;
      if (!read_whole(place, number)) {
        const auto found = std::find(fields_.begin(), fields_.end(), place);
        if (found == fields_.end()) return "has no column " + shown(place) + " in its first line: " + shown(line);
        number = static_cast<std::uint64_t>(found - fields_.begin()) + 1;
        named_ = true;
      }
      if (number > kFieldsMax) return "has no column " + shown(place) + ": they are numbered from 1";
      const auto column = static_cast<std::size_t>(named - kColumnNames.begin());
      if (std::exchange(told_[column], true)) return "columns has " + std::string(*named) + " twice";
      places_[column] = number;
    }
    return {};
  }

  // Whether the first line is no request: it was asked for names, or has none of the numbers that a request has, or,
  // where none were told, has a name of a column.
  bool names_columns() const {
    if (options_.columns.empty() || named_) return true;
    std::uint64_t number = 0;
    for (const Column column : {kSize, kTime}) {
      if (has(column) && places_[column] <= fields_.size()) return !read_seconds(fields_[places_[column] - 1], number);
    }
    return std::any_of(fields_.begin(), fields_.end(), [](std::string_view field) {
      return std::any_of(std::begin(kAliases), std::end(kAliases),
                         [&](const Alias& alias) { return alias.name == lower(field); });
    });
  }

  std::string take(std::string_view line) {
    // A quote may be open in a field that is not needed, too: what follows would be taken for requests.
    const bool quotes = line.find('"') != std::string_view::npos;
    if (!split(line, delimiter_, quotes ? kFieldsMax : fields_needed_, fields_)) return open_quote(line);
    if (fields_.size() < fields_needed_) {
      return lines_.where() + " has " + std::to_string(fields_.size()) +
             (fields_.size() == 1 ? " column" : " columns") + ", and " + std::to_string(fields_needed_) +
             " are wanted: " + shown(line);
    }
    if (trace_.ids.size() >= options_.requests_max) return too_many_requests(options_);
    if (field(kKey).empty()) return lines_.where() + " has no key";
    if (std::string error = take_size(); !error.empty()) return error;
    if (std::string error = take_op(); !error.empty()) return error;
    if (std::string error = take_moment(); !error.empty()) return error;
    trace_.ids.push_back(keys_.number_of(field(kKey)));
    return {};
  }

  std::string_view field(Column column) const { return fields_[places_[column] - 1]; }

  std::string wrong(Column column, const char* wish) const {
    return lines_.where() + (column == kOp ? " has an " : " has a ") + std::string(kColumnNames[column]) +
           " that is not " + wish + ": " + shown(field(column));
  }

  // Who deletes need not know how large it was.
  std::string take_size() {
    if (!has(kSize)) return {};
    std::uint64_t size = 0;
    const bool none = field(kSize).empty() && has(kOp);
    if (!none && (!read_whole(field(kSize), size) || size > UINT32_MAX)) {
      return wrong(kSize, "a whole number of bytes below 2^32");
    }
    trace_.sizes.push_back(static_cast<std::uint32_t>(size));
    return {};
  }

  std::string take_op() {
    if (!has(kOp)) return {};
    const std::string name = lower(field(kOp));
    for (const OpName& one : kOps) {
      if (one.name != name) continue;
      trace_.ops.push_back(one.op);
      return {};
    }
    return wrong(kOp, "get, set, delete or another name for one of them");
  }

  std::string take_moment() {
    if (!has_moments_) return {};
    Trace::Moment moment;
    if (!read_seconds(field(kTime), moment.now_ms)) return wrong(kTime, "a number of seconds");
    const std::string_view ttl = field(kTtl);
    if (!ttl.empty() && ttl != "-1" && !read_seconds(ttl, moment.ttl_ms)) return wrong(kTtl, "a number of seconds");
    // 0 is none; less than a millisecond is not.
    if (moment.ttl_ms == 0 && ttl.find_first_of("123456789") != std::string_view::npos && ttl != "-1")
      moment.ttl_ms = 1;
    trace_.moments.push_back(moment);
    return {};
  }

  static constexpr std::size_t kFieldsMax = 1'000;

  TraceLines lines_;
  const TraceOptions& options_;
  Trace& trace_;
  TextKeys keys_;
  char delimiter_ = ',';
  std::array<std::size_t, kColumns> places_{};  // from 1; 0: there is none
  std::size_t fields_needed_ = 0;
  std::array<bool, kColumns> told_{};  // by TraceOptions::columns
  bool has_moments_ = false;
  bool named_ = false;  // TraceOptions::columns has names of the first line
  std::vector<std::string_view> fields_;
};

}  // namespace

bool looks_like_csv(std::string_view line) {
  std::vector<std::string_view> fields;
  split(without_mark(line), delimiter_of(line), kColumns * 8, fields);
  return std::any_of(fields.begin(), fields.end(), names_a_key);
}

std::string parse_csv(TraceSource& source, const TraceOptions& options, Trace& trace) {
  return CsvParser(source, options, trace).parse();
}

}  // namespace larder::simulator
