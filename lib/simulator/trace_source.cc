// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "simulator/trace_source.h"

#include <zlib.h>

#if LARDER_SIMULATOR_ZSTD
#include <zstd.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace larder::simulator {
namespace {

constexpr std::size_t kBlockBytes = 64 * 1024;

using Block = std::array<unsigned char, kBlockBytes>;

std::string_view view_of(const unsigned char* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

// The bytes as the stream gives them.
class Plain final : public Unpacker {
 public:
  Plain(std::istream& stream, OnBytes on_bytes) : stream_(stream), on_bytes_(on_bytes) {}

  std::string_view next(std::string& error) override {
    if (!kept_.empty()) return std::exchange(kept_, {});
    stream_.read(reinterpret_cast<char*>(block_.data()), static_cast<std::streamsize>(kBlockBytes));
    if (stream_.bad()) error = std::string("cannot be read: ") + std::strerror(errno);
    const auto bytes = static_cast<std::size_t>(stream_.gcount());
    on_bytes_(bytes);
    return view_of(block_.data(), bytes);
  }
  // The next once more.
  void keep(std::string_view bytes) { kept_ = bytes; }

 private:
  std::istream& stream_;
  const OnBytes on_bytes_;
  Block block_;
  std::string_view kept_;
};

class Gzip final : public Unpacker {
 public:
  explicit Gzip(std::unique_ptr<Plain> packed) : packed_(std::move(packed)) {
    begun_ = inflateInit2(&inflater_, 16 + MAX_WBITS) == Z_OK;  // 16: gzip framing, and nothing else
  }
  ~Gzip() override {
    if (begun_) inflateEnd(&inflater_);
  }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  // Unpacks until a block is full or the input ends. One gzip member may follow another.
  std::string_view next(std::string& error) override {
    if (!begun_) error = "no memory to unpack gzip";
    inflater_.next_out = block_.data();
    inflater_.avail_out = kBlockBytes;
    while (inflater_.avail_out > 0 && error.empty()) {
      if (inflater_.avail_in == 0) refill(error);
      if (inflater_.avail_in == 0 && error.empty() && !member_ended_) {
        error = "is truncated: the file ends in the middle of its gzip data";
      }
      if (inflater_.avail_in == 0 || !error.empty()) break;
      if (member_ended_ && inflateReset(&inflater_) != Z_OK) error = "gzip data cannot go on";
      member_ended_ = false;
      const int outcome = inflate(&inflater_, Z_NO_FLUSH);
      if (outcome == Z_STREAM_END) {
        member_ended_ = true;
      } else if (outcome != Z_OK && outcome != Z_BUF_ERROR) {
        error = std::string("has damaged gzip data: ") + (inflater_.msg != nullptr ? inflater_.msg : "cannot unpack");
      }
    }
    return view_of(block_.data(), kBlockBytes - inflater_.avail_out);
  }

 private:
  void refill(std::string& error) {
    const std::string_view bytes = packed_->next(error);
    inflater_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib writes nothing there
    inflater_.avail_in = static_cast<uInt>(bytes.size());
  }

  std::unique_ptr<Plain> packed_;
  z_stream inflater_{};
  bool begun_ = false;
  bool member_ended_ = false;
  Block block_;
};

#if LARDER_SIMULATOR_ZSTD
class Zstd final : public Unpacker {
 public:
  explicit Zstd(std::unique_ptr<Plain> packed) : packed_(std::move(packed)), stream_(ZSTD_createDStream()) {}
  ~Zstd() override { ZSTD_freeDStream(stream_); }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;

  // As Gzip::next. A frame may ask for a window of up to 128 MiB, the library's own limit.
  std::string_view next(std::string& error) override {
    if (stream_ == nullptr) error = "no memory to unpack zstd";
    ZSTD_outBuffer out{block_.data(), kBlockBytes, 0};
    while (out.pos < out.size && error.empty()) {
      if (in_.pos == in_.size) refill(error);
      const bool at_end = in_.size == 0;
      if (!error.empty() || (at_end && frame_ended_)) break;
      const std::size_t before = out.pos;
      const std::size_t outcome = ZSTD_decompressStream(stream_, &out, &in_);
      if (ZSTD_isError(outcome) != 0) {
        error = std::string("has damaged zstd data: ") + ZSTD_getErrorName(outcome);
      } else if (at_end && out.pos == before) {
        error = "is truncated: the file ends in the middle of its zstd data";
      }
      frame_ended_ = outcome == 0;
    }
    return view_of(block_.data(), out.pos);
  }

 private:
  void refill(std::string& error) {
    const std::string_view bytes = packed_->next(error);
    in_ = {bytes.data(), bytes.size(), 0};
  }

  std::unique_ptr<Plain> packed_;
  ZSTD_DStream* stream_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool frame_ended_ = true;
  Block block_;
};
#endif

}  // namespace

TraceSource::TraceSource(std::istream& stream, std::uint64_t bytes_max, OnBytes on_bytes) : bytes_max_(bytes_max) {
  auto plain = std::make_unique<Plain>(stream, on_bytes);
  const std::string_view start = plain->next(error_);
  plain->keep(start);
  if (start.starts_with("\x1f\x8b")) {
    packing_ = Trace::Packing::kGzip;
    unpacker_ = std::make_unique<Gzip>(std::move(plain));
  } else if (start.starts_with("\x28\xb5\x2f\xfd")) {
    packing_ = Trace::Packing::kZstd;
#if LARDER_SIMULATOR_ZSTD
    unpacker_ = std::make_unique<Zstd>(std::move(plain));
#else
    error_ = "is packed with zstd, and this program was built without it (Debian: libzstd-dev): unpack it first";
#endif
  } else {
    unpacker_ = std::move(plain);
  }
}

std::size_t TraceSource::read(unsigned char* to, std::size_t bytes) {
  std::size_t done = 0;
  while (done < bytes) {
    const std::string_view more = peek();
    if (more.empty()) break;
    const std::size_t step = std::min(bytes - done, more.size());
    std::memcpy(to + done, more.data(), step);
    skip(step);
    done += step;
  }
  return done;
}

void TraceSource::fill() {
  if (!error_.empty()) return;
  left_ = unpacker_->next(error_);
  given_ += left_.size();
  if (given_ > bytes_max_) {
    error_ = "holds more than " + std::to_string(bytes_max_) + " bytes after unpacking";
    left_ = {};
  }
}

// Whether the line may go on with these bytes, which begin `before` bytes after its start.
bool TraceLines::check(std::string_view piece, std::size_t before) {
  if (const std::size_t zero = piece.find('\0'); zero != std::string_view::npos) {
    error_ = "is not a trace: neither the magic \"LTRC\" at its beginning, nor text (a byte 0 at offset " +
             std::to_string(source_.taken() + zero) +
             "); if it is libCacheSim's oracleGeneral, say --input-format oracle-general";
  } else if (before + piece.size() > line_bytes_max_) {
    error_ = where() + " is longer than " + std::to_string(line_bytes_max_) + " bytes: one request a line is wanted";
  }
  return error_.empty();
}

std::optional<std::string_view> TraceLines::next() {
  source_.skip(std::exchange(skip_, 0));
  line_.clear();
  ++number_;
  std::string_view line;
  while (true) {
    const std::string_view more = source_.peek();
    const std::size_t end = more.find('\n');
    const std::string_view piece = more.substr(0, end);
    if (!check(piece, line_.size())) return std::nullopt;
    if (more.empty() || end != std::string_view::npos) {
      if (more.empty() && line_.empty()) return std::nullopt;
      line = line_.empty() ? piece : line_.append(piece);
      skip_ = more.empty() ? 0 : end + 1;
      break;
    }
    line_ += piece;
    source_.skip(piece.size());
  }
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace larder::simulator
