// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "endpoint/connection.h"

#include <unistd.h>

#include <array>
#include <new>
#include <utility>

#include "endpoint/arguments.h"
#include "endpoint/event_loop.h"

namespace larder::endpoint {
namespace {

// A client that has so much to take is not served further until it has taken some.
constexpr std::size_t kOutputPause = std::size_t{256} << 10;
// What an idle connection may keep.
constexpr std::size_t kInputKept = std::size_t{1} << 10;
// One that has less is not to blame if all together have too much.
constexpr std::size_t kBlameless = std::size_t{64} << 10;

Connection* of(void* data) noexcept { return static_cast<Connection*>(data); }

}  // namespace

struct Connection::Work {
  Work(Connection& its_connection, const CommandTable::Place& its_place,
       std::span<const std::string_view> its_arguments)
      : connection(its_connection),
        place(its_place),
        arguments(its_arguments.begin(), its_arguments.end()),
        reply(output, its_connection.session_.protocol),
        blocking(Blocking::of(*its_place.command, its_connection.loop_.service().keyspace())) {
    if (its_connection.blocked_ != nullptr) blocking.places = &its_connection.blocked_->places();
    request.data = this;
  }
  uv_work_t request{};
  Connection& connection;
  const CommandTable::Place& place;
  const std::vector<std::string_view> arguments;
  CommandQueue* queue = nullptr;  // of EXEC
  Output output;
  ReplyWriter reply;
  Blocking blocking;
  std::uint64_t took_ns = 0;
  bool lacks_memory = false;  // not even for saying so

  // On its thread. What EXEC answers is put together on the loop's.
  void run() noexcept {
    Service& service = connection.loop_.service();
    try {
      if (queue == nullptr) return service.run(place, nullptr, arguments, reply, &blocking);
      queue->run(service, connection.session_.watched, connection.session_.protocol);
    } catch (const std::bad_alloc&) {
      lacks_memory = true;
    }
  }
};

Connection::Connection(EventLoop& loop, std::uint64_t id) : loop_(loop) { session_.id = id; }

Connection::~Connection() { loop_.account(accounted_, 0); }

// --- Beginning and end ----------------------------------------------------------------------------------------------

bool Connection::open(int descriptor, bool is_unix, const std::string& path) {
  const int made = is_unix ? uv_pipe_init(loop_.uv(), &handle_.pipe, 0) : uv_tcp_init(loop_.uv(), &handle_.tcp);
  if (made != 0) {
    ::close(descriptor);
    return false;
  }
  handle_open_ = true;
  stream()->data = this;
  const int opened = is_unix ? uv_pipe_open(&handle_.pipe, descriptor) : uv_tcp_open(&handle_.tcp, descriptor);
  if (opened != 0) {
    ::close(descriptor);
    close();
    return false;
  }
  if (!is_unix) {
    uv_tcp_nodelay(&handle_.tcp, 1);
    uv_tcp_keepalive(&handle_.tcp, 1, 300);
  }
  session_.descriptor = descriptor;
  session_.unix_socket = is_unix;
  session_.since_ms = session_.last_use_ms = loop_.now_ms();
  session_.authenticated = loop_.service().options().password.empty();
  name_addresses(is_unix, path);
  loop_.service().sessions().emplace(session_.id, &session_);
  update_reading();
  return !closing_;
}

void Connection::name_addresses(bool is_unix, const std::string& path) {
  if (is_unix) {
    session_.address = session_.local_address = path + ":0";
    return;
  }
  const auto text = [](const sockaddr_storage& address) {
    std::array<char, 64> name{};
    uv_ip_name(reinterpret_cast<const sockaddr*>(&address), name.data(), name.size());
    const bool four = address.ss_family == AF_INET;
    const auto port = four ? reinterpret_cast<const sockaddr_in&>(address).sin_port
                           : reinterpret_cast<const sockaddr_in6&>(address).sin6_port;
    const std::string host = four ? std::string(name.data()) : "[" + std::string(name.data()) + "]";
    return host + ":" + std::to_string(ntohs(port));
  };
  sockaddr_storage address{};
  int size = sizeof address;
  if (uv_tcp_getpeername(&handle_.tcp, reinterpret_cast<sockaddr*>(&address), &size) == 0)
    session_.address = text(address);
  size = sizeof address;
  if (uv_tcp_getsockname(&handle_.tcp, reinterpret_cast<sockaddr*>(&address), &size) == 0)
    session_.local_address = text(address);
}

void Connection::close() {
  if (closing_) return;
  closing_ = true;
  loop_.service().sessions().erase(session_.id);
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_), [](uv_handle_t* handle) { of(handle->data)->on_closed(); });
}

void Connection::on_closed() {
  handle_open_ = false;
  if (work_ == nullptr) unblock();
  if (work_ == nullptr) loop_.gone(session_.id);
}

void Connection::cut_off() {
  if (!closing_) ++loop_.service().counters().connections_cut_off;
  close();
}

void Connection::check() {
  const EndpointLimits& limits = loop_.service().limits();
  const std::uint64_t now = loop_.now_ms();
  const auto longer_than = [now](std::uint64_t since, Milliseconds limit) {
    return limit.count() > 0 && now > since + static_cast<std::uint64_t>(limit.count());
  };
  if (session_.end == Session::End::kNow) return close();
  if (!session_.authenticated && longer_than(session_.since_ms, limits.authentication_max)) return cut_off();
  if (writes_) {
    const std::size_t queue = uv_stream_get_write_queue_size(stream());
    if (queue != queue_before_) {
      queue_before_ = queue;
      progress_ms_ = now;
    } else if (longer_than(progress_ms_, limits.stall_max)) {
      cut_off();
    }
  } else if (work_ == nullptr && blocked_ == nullptr && longer_than(session_.last_use_ms, limits.idle_max)) {
    close();
  }
}

// --- Bytes in -------------------------------------------------------------------------------------------------------

void Connection::update_reading() {
  const bool waits = blocked_ != nullptr && work_ == nullptr;
  const bool wanted = (may_run() && !again_) || waits;
  if (wanted == reading_ || closing_) return;
  reading_ = wanted;
  if (!wanted) {
    uv_read_stop(stream());
    return;
  }
  const auto buffer = [](uv_handle_t* handle, std::size_t, uv_buf_t* to) {
    *to = of(handle->data)->loop_.read_buffer();
  };
  const auto read = [](uv_stream_t* stream, ssize_t count, const uv_buf_t* bytes) {
    of(stream->data)->on_read(count, bytes->base);
  };
  if (uv_read_start(stream(), buffer, read) != 0) close();
}

void Connection::on_read(ssize_t count, const char* bytes) {
  if (count == 0) return;
  if (count == UV_EOF && waiting() != 0) {  // it asks for no more, and gets what it has asked for
    session_.end = Session::End::kAfterReply;
    return settle();
  }
  if (count < 0) return close();
  session_.last_use_ms = loop_.now_ms();
  loop_.service().counters().bytes_in += static_cast<std::uint64_t>(count);
  try {
    input_.append(bytes, static_cast<std::size_t>(count));
  } catch (const std::bad_alloc&) {
    return cut_off();
  }
  process();
}

RequestParser::Limits Connection::parser_limits() const noexcept {
  const EndpointLimits& limits = loop_.service().limits();
  if (session_.authenticated) return {limits.bulk_bytes_max, limits.arguments_max, true};
  return {limits.unauthenticated_bulk_bytes_max, limits.unauthenticated_arguments_max, false};
}

// --- Commands -------------------------------------------------------------------------------------------------------

bool Connection::may_run() const noexcept {
  return !closing_ && work_ == nullptr && blocked_ == nullptr && session_.end == Session::End::kNot &&
         waiting() < kOutputPause;
}

void Connection::process() {
  again_ = false;
  try {
    std::uint32_t run = 0;
    while (may_run()) {
      if (run++ == loop_.service().limits().pipeline_max) {
        again_ = true;
        loop_.again(*this);
        break;
      }
      if (!run_next()) break;
      if (waiting() >= kOutputPause) flush();  // if the client takes it at once, it is served on
    }
    flush();
    settle();
  } catch (const std::bad_alloc&) {
    cut_off();
  }
  if (loop_.service().somebody_ends) loop_.end_sessions();
}

// False: there is nothing more to run for now.
bool Connection::run_next() {
  const std::string_view left = std::string_view(input_).substr(consumed_);
  const RequestParser::Step step = parser_.next(left, parser_limits());
  if (step == RequestParser::Step::kMore) {
    if (left.size() > loop_.service().limits().request_bytes_max) cut_off();
    return false;
  }
  if (step == RequestParser::Step::kBroken) {
    ReplyWriter(pending_, session_.protocol).error(parser_.error());
    session_.end = Session::End::kAfterReply;
    return false;
  }
  const auto arguments = parser_.arguments();
  if (!arguments.empty()) run(arguments);
  if (work_ == nullptr) consumed_ += parser_.size();
  return true;
}

// Where the next reply goes: to the client, or, where it may be that it does not get it, aside.
Output* Connection::target(std::string_view command, Output& aside) noexcept {
  return session_.replies != Session::Replies::kOn || is_word(command, "client") ? &aside : &pending_;
}

// What went aside goes to the client, or nowhere.
void Connection::deliver(Output& aside) {
  using Replies = Session::Replies;
  const Replies replies = session_.replies;
  if (replies == Replies::kSkipNext) session_.replies = Replies::kSkipThis;
  if (replies == Replies::kSkipThis) session_.replies = Replies::kOn;
  if (replies == Replies::kOn) pending_.append(std::move(aside));
}

void Connection::run(std::span<const std::string_view> arguments) {
  // A browser that was led here by a page of somebody else's.
  if (is_word(arguments[0], "post") || is_word(arguments[0], "host:")) return close();
  Service& service = loop_.service();
  service.now_ms = loop_.now_ms();
  const CommandTable::Place* place = nullptr;
  reply_with(arguments[0], [&](ReplyWriter& reply) { place = service.prepare(session_, arguments, reply); });
  if (place == nullptr) return;
  off_loop(*place) ? start_work(*place, arguments) : answer(*place, arguments);
  loop_.serve_woken();
}

// write(reply) writes a reply, or none.
template <typename Write>
void Connection::reply_with(std::string_view command, Write&& write) {
  Output aside;
  Output* to = target(command, aside);
  ReplyWriter reply(*to, session_.protocol);
  write(reply);
  if (reply.replies() < 0) return cut_off();
  if (to == &aside && reply.replies() != 0) deliver(aside);
}

// On this thread.
void Connection::answer(const CommandTable::Place& place, std::span<const std::string_view> arguments) {
  Service& service = loop_.service();
  Blocking blocking = Blocking::of(*place.command, service.keyspace());
  if (blocked_ != nullptr) blocking.places = &blocked_->places();
  reply_with(arguments[0], [&](ReplyWriter& reply) {
    const std::uint64_t begun = uv_hrtime();
    service.run(place, &session_, arguments, reply, &blocking);
    if (!blocking.blocks) service.account(place, session_, arguments, (uv_hrtime() - begun) / 1000, reply);
  });
  if (!blocking.blocks) return unblock();
  if (blocked_ == nullptr) block(place, arguments, blocking);
}

// Something may have come before it stood in line, so it is tried once more.
void Connection::block(const CommandTable::Place& place, std::span<const std::string_view> arguments,
                       const Blocking& blocking) {
  blocked_ = std::make_unique<BlockedCommand>(loop_, *this, place, arguments, blocking);
  session_.blocked = blocked_.get();
  blocked_->wake();
}

void Connection::unblock() {
  session_.blocked = nullptr;
  blocked_.reset();
}

void Connection::try_again() {
  if (closing_) return;
  woken_meanwhile_ = work_ != nullptr;
  if (woken_meanwhile_) return;
  try {
    try_blocked();
    if (blocked_ != nullptr || closing_) return;
    session_.last_use_ms = loop_.now_ms();
    // What it has asked for since, when others have had their turn.
    if (!std::exchange(again_, true)) loop_.again(*this);
  } catch (const std::bad_alloc&) {
    cut_off();
  }
}

void Connection::try_blocked() {
  using End = BlockedCommand::End;
  loop_.service().now_ms = loop_.now_ms();
  const CommandTable::Place& place = blocked_->place();
  const End end = blocked_->ended();
  if (end != End::kNot) {
    reply_with(blocked_->arguments()[0], [&](ReplyWriter& reply) {
      end == End::kError ? reply.error("UNBLOCKED client unblocked via CLIENT UNBLOCK") : reply.null_array();
      loop_.service().account(place, session_, blocked_->arguments(), 0, reply);
    });
    unblock();
  } else if (off_loop(place)) {
    start_work(place, blocked_->arguments());
  } else {
    answer(place, blocked_->arguments());
  }
}

// Of EXEC, whether one that it runs is.
bool Connection::off_loop(const CommandTable::Place& place) const noexcept {
  const Service& service = loop_.service();
  if (!place.command->has(kExecutes)) return service.off_loop(place);
  return session_.queue != nullptr && !session_.queue->is_spoiled() && session_.queue->off_loop(service);
}

void Connection::start_work(const CommandTable::Place& place, std::span<const std::string_view> arguments) {
  work_ = std::make_unique<Work>(*this, place, arguments);
  if (place.command->has(kExecutes)) work_->queue = session_.queue.get();
  const auto work = [](uv_work_t* request) {
    Work& its = *static_cast<Work*>(request->data);
    const EventLoop::Running running(&its.connection.loop_);
    const std::uint64_t begun = uv_hrtime();
    its.run();
    its.took_ns = uv_hrtime() - begun;
  };
  const auto after = [](uv_work_t* request, int) { static_cast<Work*>(request->data)->connection.finish_work(); };
  uv_queue_work(loop_.uv(), &work_->request, work, after);
}

void Connection::finish_work() {
  const std::unique_ptr<Work> work = std::move(work_);
  if (closing_) {
    unblock();
    if (!handle_open_) loop_.gone(session_.id);
    return;
  }
  try {
    take(*work);
  } catch (const std::bad_alloc&) {
    return cut_off();
  }
  if (closing_) return;
  process();
  loop_.serve_woken();
}

// What it has answered, or that it waits.
void Connection::take(Work& work) {
  if (work.queue != nullptr && !work.lacks_memory) {
    const std::uint64_t begun = uv_hrtime();
    loop_.service().run(work.place, &session_, work.arguments, work.reply);
    work.took_ns += uv_hrtime() - begun;
  }
  const bool blocks = work.blocking.blocks;
  if (!blocks) loop_.service().account(work.place, session_, work.arguments, work.took_ns / 1000, work.reply);
  if (work.lacks_memory || work.reply.replies() < 0) return cut_off();
  if (blocked_ == nullptr) {
    if (blocks) block(work.place, work.arguments, work.blocking);
    consumed_ += parser_.size();
  } else if (!blocks) {
    unblock();
  } else if (woken_meanwhile_) {
    blocked_->wake();
  }
  session_.last_use_ms = loop_.now_ms();
  if (!blocks) deliver(work.output);
}

// --- Bytes out ------------------------------------------------------------------------------------------------------

void Connection::flush() {
  if (writes_ || closing_ || pending_.empty()) return;
  std::swap(writing_, pending_);
  std::vector<uv_buf_t>& pieces = loop_.pieces();
  pieces.clear();
  for (const Output::Chunk& chunk : writing_.view()) {
    const std::string_view bytes = chunk.view();
    pieces.push_back(uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size())));
  }
  const int written = uv_try_write(stream(), pieces.data(), static_cast<unsigned>(pieces.size()));
  if (written < 0 && written != UV_EAGAIN) return close();
  write_rest(written < 0 ? 0 : static_cast<std::size_t>(written));
}

// What could not be written at once is when the client takes it.
void Connection::write_rest(std::size_t written) {
  std::vector<uv_buf_t>& pieces = loop_.pieces();
  loop_.service().counters().bytes_out += writing_.size();
  if (written == writing_.size()) return writing_.clear();
  std::size_t first = 0;
  for (; written >= pieces[first].len; ++first) written -= pieces[first].len;
  pieces[first].base += written;
  pieces[first].len -= written;
  write_request_.data = this;
  const auto done = [](uv_write_t* request, int status) { of(request->data)->on_written(status); };
  const int begun =
      uv_write(&write_request_, stream(), pieces.data() + first, static_cast<unsigned>(pieces.size() - first), done);
  if (begun != 0) return close();
  writes_ = true;
  progress_ms_ = loop_.now_ms();
  queue_before_ = uv_stream_get_write_queue_size(stream());
}

void Connection::on_written(int status) {
  writes_ = false;
  writing_.clear();
  if (status != 0) return close();
  process();
}

// After commands have run: what is left over goes, and the limits are looked at.
void Connection::settle() {
  if (closing_) return;
  if (work_ == nullptr) {
    input_.erase(0, consumed_);
    consumed_ = 0;
    if (input_.capacity() > kInputKept && input_.size() < input_.capacity() / 4) input_.shrink_to_fit();
  }
  session_.input_bytes = input_.size() - consumed_;
  session_.input_free = input_.capacity() - input_.size();
  session_.output_bytes = waiting();
  session_.output_chunks = pending_.chunks() + writing_.chunks();
  const std::size_t queued = session_.transaction_bytes() + (blocked_ == nullptr ? 0 : blocked_->bytes());
  const std::size_t copied = pending_.copied() + writing_.copied();
  const std::size_t now = input_.capacity() + parser_.memory() + copied + queued;
  const bool all_within = loop_.account(accounted_, now);
  accounted_ = now;
  const EndpointLimits& limits = loop_.service().limits();
  const bool says_too_much = blocked_ != nullptr && input_.size() > limits.request_bytes_max;
  if (says_too_much || copied > limits.output_bytes_max || (!all_within && now > kBlameless)) return cut_off();
  if (session_.end == Session::End::kAfterReply && waiting() == 0) return close();
  update_reading();
}

}  // namespace larder::endpoint
