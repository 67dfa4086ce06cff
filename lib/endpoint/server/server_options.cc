// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// One table says what each option is called, what it means and how it is read.
#include "endpoint/server/server_options.h"

#include <charconv>
#include <system_error>

#include "endpoint/config.h"

namespace larder::endpoint {
namespace {

template <typename Number>
bool read_number(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

// Sets its field, and returns what is to be said behind its name where the argument is wrong, or nothing.
using Read = std::string (*)(ServerOptions&, std::string_view);

struct Option {
  std::string_view name;
  std::string_view argument;  // empty: it has none
  std::string_view meaning;
  Read read;
};

std::string read_port(ServerOptions& options, std::string_view text) {
  std::uint16_t port = 0;
  if (!read_number(text, &port)) return " is not a port: " + std::string(text);
  options.endpoint.port = port;
  return {};
}

std::string read_policy(ServerOptions& options, std::string_view text) {
  const Result<Eviction> eviction = Eviction::named(text);
  if (!eviction) return ": " + std::string(eviction.status().message());
  options.cache.eviction = *eviction;
  return {};
}

std::string read_max_memory(ServerOptions& options, std::string_view text) {
  const auto bytes = parse_memory(text);
  if (!bytes) return " is not a number of bytes, such as 256mb or 1gb; 0: no bound: " + std::string(text);
  options.cache.max_memory = *bytes;
  return {};
}

std::string read_max_clients(ServerOptions& options, std::string_view text) {
  if (!read_number(text, &options.endpoint.limits.connections_max)) return " is not a number: " + std::string(text);
  return {};
}

std::string read_hot_keys(ServerOptions& options, std::string_view text) {
  const bool read = read_number(text, &options.cache.hot_keys);
  if (!read || options.cache.hot_keys > 1'000) return " is not a number up to 1000: " + std::string(text);
  return {};
}

constexpr Option kOptions[] = {
    {"port", "N", "TCP port; 0: any that is free. 6379, unless there is a unix socket", read_port},
    {"bind", "ADDRESS", "the address, 127.0.0.1 if nothing is said",
     [](ServerOptions& options, std::string_view text) -> std::string {
       options.endpoint.bind = text;
       return {};
     }},
    {"unixsocket", "PATH", "a unix socket, which only this user may open",
     [](ServerOptions& options, std::string_view text) -> std::string {
       options.endpoint.unix_socket = text;
       return {};
     }},
    {"requirepass", "PASSWORD", "what clients must say (AUTH); seen by all who can list this machine's processes",
     [](ServerOptions& options, std::string_view text) -> std::string {
       options.endpoint.password = text;
       return {};
     }},
    {"maxmemory", "SIZE", "bound of the cache, 256mb if nothing is said; 0: none", read_max_memory},
    {"maxmemory-policy", "NAME",
     "what goes then: allkeys-lru, volatile-lfu, noeviction, ... (default allkeys-adaptive)", read_policy},
    {"size-advice", "", "say in INFO larder what half, twice and four times the bound would do for the hit ratio",
     [](ServerOptions& options, std::string_view) -> std::string {
       options.cache.size_advice = true;
       return {};
     }},
    {"hot-keys", "N", "say in INFO larder which N keys (at most 1000) have been used most of late, and their shares",
     read_hot_keys},
    {"policy-advice", "", "say in INFO larder what other policies would do for the hit ratio",
     [](ServerOptions& options, std::string_view) -> std::string {
       options.cache.policy_advice = true;
       return {};
     }},
    {"maxclients", "N", "connections at a time, 1000 if nothing is said", read_max_clients},
    {"read-only", "", "refuse commands that write",
     [](ServerOptions& options, std::string_view) -> std::string {
       options.endpoint.read_only = true;
       return {};
     }},
    {"allow-remote", "", "let other machines in, if --bind says so: only with --requirepass",
     [](ServerOptions& options, std::string_view) -> std::string {
       options.endpoint.allow_remote = true;
       return {};
     }},
    {"enable-debug-command", "", "allow DEBUG, for tests",
     [](ServerOptions& options, std::string_view) -> std::string {
       options.endpoint.debug_commands = true;
       return {};
     }},
    {"version", "", "print the version",
     [](ServerOptions& options, std::string_view) -> std::string {
       options.version = true;
       return {};
     }},
    {"help", "", "this text",
     [](ServerOptions& options, std::string_view) -> std::string {
       options.help = true;
       return {};
     }},
};

const Option* find_option(std::string_view word) {
  for (const Option& option : kOptions) {
    if (word.starts_with("--") && word.substr(2) == option.name) return &option;
  }
  return nullptr;
}

}  // namespace

std::string read_command_line(std::span<const std::string_view> words, ServerOptions* options) {
  options->endpoint.read_only = false;
  options->endpoint.reads = EndpointOptions::Reads::kMark;
  options->cache.background_thread = true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string name(words[i]);
    const Option* option = find_option(name == "-h" ? "--help" : name);
    if (option == nullptr) return "unknown option: " + name;
    std::string_view argument;
    if (!option->argument.empty()) {
      if (++i == words.size()) return name + " needs " + std::string(option->argument);
      argument = words[i];
    }
    if (const std::string wrong = option->read(*options, argument); !wrong.empty()) return name + wrong;
  }
  if (!options->endpoint.port && options->endpoint.unix_socket.empty()) options->endpoint.port = 6379;
  return {};
}

std::string version_text() { return "larder-server " LARDER_VERSION "\n"; }

std::string help_text() {
  std::string text =
      "usage: larder-server [options]\n\nA cache that speaks Redis's protocol, for demonstrations and tests.\n\n";
  for (const Option& option : kOptions) {
    std::string call = "--" + std::string(option.name) + (option.argument.empty() ? "" : " ");
    call += option.argument;
    call.resize(std::max<std::size_t>(call.size(), 26), ' ');
    text += "  " + call + " " + std::string(option.meaning) + "\n";
  }
  return text + "\nIt ends on SIGINT and SIGTERM.\n";
}

}  // namespace larder::endpoint
