// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "endpoint/config.h"

#include <algorithm>
#include <limits>

#include "commands/glob.h"
#include "commands/numbers.h"
#include "endpoint/arguments.h"
#include "endpoint/service.h"
#include "stats/redis_policy_name.h"

namespace larder::endpoint {
namespace {

// How a setting's text is checked before it is taken.
enum class Form : std::uint8_t { kNumber, kMemory, kYesNo, kText, kSave, kFixed };

struct Row {
  std::string_view name;
  Form form;
  std::string_view initially;  // of one that is only remembered
  // Those of the cache and the endpoint; null: it is remembered.
  std::string (*read)(Service&) = nullptr;
  Status (*write)(Service&, std::string_view) = nullptr;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

std::uint64_t number_of(std::string_view text) {
  return static_cast<std::uint64_t>(commands::parse_integer(text).value_or(0));
}

Status write_policy(Service& service, std::string_view text) {
  std::string name(text);
  for (char& c : name) c = to_lower(c);
  const Result<Eviction> eviction = Eviction::named(name);
  if (!eviction) return eviction.status();
  return service.cache().set_eviction(*eviction);
}

Status write_max_memory(Service& service, std::string_view text) {
  return service.cache().set_max_memory(*parse_memory(text));
}

Status write_bulk_bytes(Service& service, std::string_view text) {
  const std::uint64_t bytes = *parse_memory(text);
  if (bytes < 1024 || bytes > kValueBytesMax || bytes > service.limits().request_bytes_max)
    return {ErrorCode::kInvalidArgument, "argument must be from 1kb to what one request may have"};
  service.limits().bulk_bytes_max = bytes;
  return {};
}

template <std::uint32_t CompactLimits::*Limit>
std::string read_limit(Service& service) {
  return std::to_string(service.cache().compact_limits().*Limit);
}
template <std::uint32_t CompactLimits::*Limit>
Status write_limit(Service& service, std::string_view text) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  CompactLimits limits = service.cache().compact_limits();
  limits.*Limit = static_cast<std::uint32_t>(std::min(parse_memory(text).value_or(kMost), kMost));
  service.cache().set_compact_limits(limits);
  return {};
}
template <std::uint32_t CompactLimits::*Limit>
constexpr Row limit_row(std::string_view name, Form form) {
  return {name, form, "", read_limit<Limit>, write_limit<Limit>};
}

constexpr std::int64_t kSecondsMax = 31'536'000;
constexpr Row kRows[] = {
    {"maxmemory", Form::kMemory, "", [](Service& s) { return std::to_string(s.cache().stats().max_memory); },
     write_max_memory},
    {"maxmemory-policy", Form::kText, "", [](Service& s) { return stats::redis_policy_name(s.cache().stats().policy); },
     write_policy},
    {"maxclients", Form::kNumber, "", [](Service& s) { return std::to_string(s.limits().connections_max); },
     [](Service& s, std::string_view text) -> Status {
       if (number_of(text) == 0) return {ErrorCode::kInvalidArgument, "argument must be at least 1"};
       s.limits().connections_max = static_cast<std::uint32_t>(number_of(text));
       return {};
     },
     1'000'000},
    {"timeout", Form::kNumber, "", [](Service& s) { return std::to_string(s.limits().idle_max.count() / 1000); },
     [](Service& s, std::string_view text) -> Status {
       s.limits().idle_max = Milliseconds(number_of(text) * 1000);
       return {};
     },
     kSecondsMax},
    {"proto-max-bulk-len", Form::kMemory, "", [](Service& s) { return std::to_string(s.limits().bulk_bytes_max); },
     write_bulk_bytes},
    {"client-query-buffer-limit", Form::kFixed, "",
     [](Service& s) { return std::to_string(s.limits().request_bytes_max); }},
    {"slowlog-log-slower-than", Form::kText, "", [](Service& s) { return std::to_string(s.slow_log().slower_than_us); },
     [](Service& s, std::string_view text) -> Status {
       const auto number = commands::parse_integer(text);
       if (!number || *number < -1) return {ErrorCode::kInvalidArgument, "argument must be -1 or more"};
       s.slow_log().slower_than_us = *number;
       return {};
     }},
    {"slowlog-max-len", Form::kNumber, "", [](Service& s) { return std::to_string(s.slow_log().size_max); },
     [](Service& s, std::string_view text) -> Status {
       s.slow_log().size_max = number_of(text);
       return {};
     },
     100'000},
    {"port", Form::kFixed, "", [](Service& s) { return std::to_string(s.port()); }},
    {"bind", Form::kFixed, "", [](Service& s) { return s.port() == 0 ? std::string() : s.options().bind; }},
    {"unixsocket", Form::kFixed, "", [](Service& s) { return s.options().unix_socket; }},
    {"unixsocketperm", Form::kFixed, "600"},
    {"databases", Form::kFixed, "1"},
    {"protected-mode", Form::kFixed, "yes"},
    {"requirepass", Form::kFixed, ""},  // never told
    {"appendonly", Form::kFixed, "no"},
    {"appendfsync", Form::kText, "everysec"},
    {"save", Form::kSave, ""},
    {"dir", Form::kFixed, ""},
    {"dbfilename", Form::kFixed, ""},
    {"tcp-keepalive", Form::kNumber, "300"},
    {"maxmemory-samples", Form::kNumber, "5"},
    {"maxmemory-clients", Form::kMemory, "0"},
    {"maxmemory-eviction-tenacity", Form::kNumber, "10"},
    limit_row<&CompactLimits::hash_max_listpack_entries>("hash-max-listpack-entries", Form::kNumber),
    limit_row<&CompactLimits::hash_max_listpack_entries>("hash-max-ziplist-entries", Form::kNumber),
    limit_row<&CompactLimits::hash_max_listpack_value>("hash-max-listpack-value", Form::kMemory),
    limit_row<&CompactLimits::hash_max_listpack_value>("hash-max-ziplist-value", Form::kMemory),
    {"list-max-listpack-size", Form::kText, "-2"},
    {"list-max-ziplist-size", Form::kText, "-2"},
    {"list-compress-depth", Form::kNumber, "0"},
    limit_row<&CompactLimits::set_max_intset_entries>("set-max-intset-entries", Form::kNumber),
    {"set-max-listpack-entries", Form::kNumber, "128"},
    {"set-max-listpack-value", Form::kMemory, "64"},
    limit_row<&CompactLimits::zset_max_listpack_entries>("zset-max-listpack-entries", Form::kNumber),
    limit_row<&CompactLimits::zset_max_listpack_entries>("zset-max-ziplist-entries", Form::kNumber),
    limit_row<&CompactLimits::zset_max_listpack_value>("zset-max-listpack-value", Form::kMemory),
    limit_row<&CompactLimits::zset_max_listpack_value>("zset-max-ziplist-value", Form::kMemory),
    {"notify-keyspace-events", Form::kText, ""},
    {"latency-monitor-threshold", Form::kNumber, "0"},
    {"latency-tracking", Form::kYesNo, "no"},
    {"lazyfree-lazy-eviction", Form::kYesNo, "yes"},
    {"lazyfree-lazy-expire", Form::kYesNo, "yes"},
    {"lazyfree-lazy-server-del", Form::kYesNo, "yes"},
    {"lazyfree-lazy-user-del", Form::kYesNo, "yes"},
    {"lazyfree-lazy-user-flush", Form::kYesNo, "yes"},
    {"active-expire-effort", Form::kNumber, "1"},
    {"activedefrag", Form::kYesNo, "no"},
    {"activerehashing", Form::kYesNo, "yes"},
    {"lfu-log-factor", Form::kNumber, "10"},
    {"lfu-decay-time", Form::kNumber, "1"},
    {"hz", Form::kNumber, "10"},
    {"dynamic-hz", Form::kYesNo, "yes"},
    {"loglevel", Form::kText, "notice"},
    {"lua-time-limit", Form::kNumber, "5000"},
    {"busy-reply-threshold", Form::kNumber, "5000"},
    {"io-threads", Form::kFixed, "1"},
    {"cluster-enabled", Form::kFixed, "no"},
    {"replica-read-only", Form::kYesNo, "yes"},
    {"min-replicas-to-write", Form::kNumber, "0"},
    {"client-output-buffer-limit", Form::kFixed, "",
     [](Service& s) { return "normal " + std::to_string(s.limits().output_bytes_max) + " 0 0"; }},
};

const Row* find_row(std::string_view name) {
  for (const Row& row : kRows) {
    if (is_word(name, row.name)) return &row;
  }
  return nullptr;
}

// Pairs of seconds and changes; nothing is saved, whatever they say.
bool is_save(std::string_view text) {
  std::size_t numbers = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const auto number = commands::parse_integer(text.substr(0, end));
    if (!number || *number < (numbers++ % 2 == 0 ? 1 : 0)) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return numbers % 2 == 0;
}

Status check(const Row& row, std::string_view text) {
  const auto wrong = [](std::string_view what) { return Status(ErrorCode::kInvalidArgument, what); };
  const auto number = commands::parse_integer(text);
  switch (row.form) {
    case Form::kFixed: return wrong("can't set immutable config");
    case Form::kText: return {};
    case Form::kSave: return is_save(text) ? Status() : wrong("Invalid save parameters");
    case Form::kMemory: return parse_memory(text) ? Status() : wrong("argument must be a memory value");
    case Form::kYesNo:
      return is_word(text, "yes") || is_word(text, "no") ? Status() : wrong("argument must be 'yes' or 'no'");
    case Form::kNumber: break;
  }
  if (!number) return wrong("argument couldn't be parsed into an integer");
  if (*number < 0 || *number > row.most)
    return wrong("argument must be between 0 and " + std::to_string(row.most) + " inclusive");
  return {};
}

// Names of old that stand for the same setting.
std::string other_name(std::string_view name) {
  std::string other(name);
  for (const auto& [from, to] : {std::pair{"listpack", "ziplist"}, std::pair{"ziplist", "listpack"}}) {
    if (const std::size_t at = name.find(from); at != std::string_view::npos)
      return other.replace(at, std::string_view(from).size(), to);
  }
  return {};
}

}  // namespace

std::optional<std::uint64_t> parse_memory(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::uint64_t factor;
  };
  constexpr Unit kUnits[] = {{"", 1},
                             {"b", 1},
                             {"k", 1000},
                             {"kb", 1024},
                             {"m", 1'000'000},
                             {"kib", 1024},
                             {"mb", 1024 * 1024},
                             {"mib", 1024 * 1024},
                             {"g", 1'000'000'000},
                             {"gb", 1024 * 1024 * 1024},
                             {"gib", 1024 * 1024 * 1024}};
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = commands::parse_integer(text.substr(0, digits));
  for (const Unit& unit : kUnits) {
    if (!number || !is_word(text.substr(digits), unit.name)) continue;
    if (static_cast<std::uint64_t>(*number) > (std::uint64_t{1} << 60) / unit.factor) return std::nullopt;
    return static_cast<std::uint64_t>(*number) * unit.factor;
  }
  return std::nullopt;
}

Config::Config() {
  for (const Row& row : kRows) {
    if (row.read == nullptr) kept_.emplace(row.name, row.initially);
  }
}

std::vector<Config::Setting> Config::get(Service& service, std::span<const std::string_view> patterns) const {
  std::vector<Setting> found;
  for (const Row& row : kRows) {
    const bool wanted = std::any_of(patterns.begin(), patterns.end(), [&](std::string_view pattern) {
      std::string folded(pattern);
      for (char& c : folded) c = to_lower(c);
      return commands::glob_matches(folded, row.name);
    });
    if (wanted) found.emplace_back(row.name, row.read == nullptr ? kept_.find(row.name)->second : row.read(service));
  }
  return found;
}

Status Config::set(Service& service, std::span<const std::pair<std::string_view, std::string_view>> settings,
                   std::string* which) {
  std::vector<const Row*> rows;
  for (const auto& [name, text] : settings) {
    const Row* row = find_row(name);
    *which = row == nullptr ? std::string() : std::string(name);
    if (row == nullptr) return {ErrorCode::kInvalidArgument, std::string(name)};
    if (std::find(rows.begin(), rows.end(), row) != rows.end())
      return {ErrorCode::kInvalidArgument, "duplicate parameter"};
    if (Status status = check(*row, text); !status.ok()) return status;
    rows.push_back(row);
  }
  std::vector<Setting> before;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = *rows[i];
    *which = settings[i].first;
    if (row.write == nullptr) {
      std::string text(settings[i].second);
      if (row.form == Form::kMemory) text = std::to_string(*parse_memory(text));
      if (const auto other = kept_.find(other_name(row.name)); other != kept_.end()) other->second = text;
      kept_.find(row.name)->second = std::move(text);
      continue;
    }
    before.emplace_back(row.name, row.read(service));
    if (Status status = row.write(service, settings[i].second); !status.ok()) {
      before.pop_back();
      for (const auto& [name, text] : before) (void)find_row(name)->write(service, text);
      return status;
    }
  }
  return {};
}

}  // namespace larder::endpoint
