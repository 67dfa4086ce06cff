// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "endpoint/service.h"

#include <random>

#include "base/check.h"
#include "endpoint/arguments.h"

namespace larder::endpoint {
namespace {

constexpr std::size_t kErrorWordsMax = 128;

// What was not understood, as much of it as fits: up to the first zero byte, as Redis has it.
constexpr std::size_t kShownMax = 128;
std::string shown(std::string_view word, std::size_t size_max = kShownMax) {
  word = word.substr(0, size_max);
  return std::string(word.substr(0, word.find('\0')));
}
std::string beginning_of(std::span<const std::string_view> arguments) {
  std::string text;
  for (const std::string_view argument : arguments) {
    if (text.size() >= kShownMax) break;
    text += "'" + shown(argument, kShownMax - text.size()) + "' ";
  }
  return text;
}

std::string new_run_id() {
  std::random_device random;
  constexpr char kDigits[] = "0123456789abcdef";
  std::string id;
  for (int i = 0; i < 40; ++i) id += kDigits[random() % 16];
  return id;
}

}  // namespace

Service::Service(Cache& cache, const EndpointOptions& options, std::uint16_t port)
    : run_id(new_run_id()),
      cache_(cache),
      options_(options),
      port_(port),
      view_(cache, options.reads == EndpointOptions::Reads::kMark ? ReadView::Use::kMark : ReadView::Use::kLook),
      stats_(CommandTable::instance().numbers()) {}

const CommandTable::Place* Service::find(Arguments arguments, ReplyWriter& reply) {
  const CommandTable::Place* place = CommandTable::instance().find(arguments[0]);
  if (place == nullptr) {
    reply.error("ERR unknown command '" + shown(arguments[0]) +
                "', with args beginning with: " + beginning_of(arguments.subspan(1)));
    return nullptr;
  }
  if (place->subcommands.empty() || arguments.size() < 2) return place;
  const CommandTable::Place* sub = place->subcommand(arguments[1]);
  if (sub == nullptr) {
    std::string name = place->full_name;
    for (char& c : name) c = to_upper(c);
    reply.error("ERR unknown subcommand '" + shown(arguments[1]) + "'. Try " + name + " HELP.");
  }
  return sub;
}

bool Service::may_run(const CommandTable::Place& place, const Session& session, ReplyWriter& reply) {
  const Command& command = *place.command;
  if (command.has(kDebug) && !options_.debug_commands) {
    reply.error(
        "ERR DEBUG command not allowed. It takes the option debug_commands, or larder-server --enable-debug-command.");
  } else if (!session.authenticated && !command.has(kNoAuth)) {
    reply.error("NOAUTH Authentication required.");
  } else if (options_.read_only && command.has(kWrite | kChanges)) {
    reply.error("READONLY This endpoint only reads: its option read_only is set.");
  } else {
    return true;
  }
  return false;
}

bool Service::check(const CommandTable::Place& place, const Session& session, Arguments arguments, ReplyWriter& reply) {
  if (place.command->fits(arguments.size()) && place.command->handler != nullptr) return may_run(place, session, reply);
  const std::string wrong = "wrong number of arguments for '" + place.full_name + "' command";
  reply.error((place.command->has(kExecutes) ? "EXECABORT Transaction discarded because of: " : "ERR ") + wrong);
  return false;
}

const CommandTable::Place* Service::prepare(Session& session, Arguments arguments, ReplyWriter& reply) {
  const CommandTable::Place* place = find(arguments, reply);
  session.last_command = place;
  const bool queues = session.queue != nullptr && place != nullptr && !place->command->has(kNotQueued);
  if (place != nullptr && check(*place, session, arguments, reply)) {
    if (!queues) return place;
    if (enqueue(*place, *session.queue, arguments, reply)) return nullptr;
  }
  if (place != nullptr && place->command->has(kExecutes)) session.leave_transaction();
  if (session.queue != nullptr) session.queue->spoil();
  if (place != nullptr) ++stats_[place->number].rejected;
  ++counters_.errors;
  ++errors_[reply.error_word()];
  return nullptr;
}

// False: the client has been told why not.
bool Service::enqueue(const CommandTable::Place& place, CommandQueue& queue, Arguments arguments, ReplyWriter& reply) {
  if (place.command->has(kNoMulti)) {
    reply.error("ERR Command not allowed inside a transaction");
    return false;
  }
  if (queue.bytes() + CommandQueue::bytes_for(arguments) > options_.limits.request_bytes_max) {
    reply.error("ERR the transaction is larger than a request may be");
    return false;
  }
  queue.add(place, arguments);
  reply.status("QUEUED");
  return true;
}

void Service::run(const CommandTable::Place& place, Session* session, Arguments arguments, ReplyWriter& reply,
                  Blocking* blocking) {
  Service* service = session == nullptr ? nullptr : this;
  Call call{*place.command, arguments, reply, cache_, cache_, view_, session, service, blocking};
  run(call);
}

void Service::run_in(Transaction& transaction, const CommandTable::Place& place, Arguments arguments,
                     ReplyWriter& reply) {
  ReadView view(transaction);
  Call call{*place.command, arguments, reply, cache_, transaction, view, nullptr, nullptr};
  run(call);
}

void Service::run(Call& call) {
  ReplyWriter& reply = call.reply;
  const std::int64_t before = reply.replies();
  try {
    call.command.handler(call);
    LARDER_DCHECK(reply.replies() == before + (call.blocking != nullptr && call.blocking->blocks ? 0 : 1),
                  "a command answers exactly once, unless it waits");
  } catch (const std::bad_alloc&) {
    // Once a reply is begun, it cannot be put in other words.
    if (reply.replies() == before) reply.error("OOM there is no memory for this command");
  }
}

Status Service::check_unchanged(std::span<const Unchanged> unchanged) {
  for (const Unchanged& one : unchanged) {
    const Result<Version> version = view_.version(one.key);
    if (!version.ok()) return version.status();
    if (version->number != one.version.number) return {ErrorCode::kConflict, "a watched key has changed"};
  }
  return {};
}

bool Service::off_loop(const CommandTable::Place& place) const noexcept {
  const Command& command = *place.command;
  if (command.has(kOffLoop)) return true;
  if (!cache_.has_store()) return false;
  return command.has(kWrite) || (command.has(kReadOnly) && options_.reads == EndpointOptions::Reads::kMark);
}

void Service::account(const CommandTable::Place& place, const Session& session, Arguments arguments,
                      std::uint64_t took_us, const ReplyWriter& reply) {
  CommandStats& stats = stats_[place.number];
  ++counters_.commands;
  ++stats.calls;
  stats.took_us += took_us;
  if (reply.errors() != 0) [[unlikely]] {
    ++stats.failed;
    ++counters_.errors;
    if (errors_.size() < kErrorWordsMax || errors_.contains(reply.error_word())) ++errors_[reply.error_word()];
  }
  // What is said before AUTH may be a password.
  if (slow_log_.wants(took_us) && !place.command->has(kNoAuth)) [[unlikely]]
    slow_log_.add(Clock::system().unix_time().count() / 1000, took_us, arguments, session.address, session.name);
}

void Service::answer(Session& session, Arguments arguments, ReplyWriter& reply, std::uint64_t (*now_ns)()) {
  const std::uint64_t begun = now_ns();
  const CommandTable::Place* place = prepare(session, arguments, reply);
  if (place == nullptr) return;
  run(*place, &session, arguments, reply);
  account(*place, session, arguments, (now_ns() - begun) / 1000, reply);
}

void Service::reset_stats() {
  stats_.assign(stats_.size(), {});
  errors_.clear();
  counters_ = {};
}

// In a time that does not tell where they differ.
bool Service::password_is(std::string_view password) const noexcept {
  const std::string& right = options_.password;
  unsigned difference = password.size() == right.size() ? 0 : 1;
  for (std::size_t i = 0; i < password.size(); ++i) {
    const char c = right.empty() ? '\0' : right[i % right.size()];
    difference |= static_cast<unsigned char>(password[i] ^ c);
  }
  return difference == 0;
}

}  // namespace larder::endpoint
