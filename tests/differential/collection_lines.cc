// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "differential/collection_lines.h"

#include <cctype>

namespace larder::differential {

std::size_t LineChoices::below(std::size_t n) {
  if (!bytes_ || ended()) return random_() % n;
  std::size_t chosen = 0;
  for (std::size_t reached = 1; reached < n && !bytes_->empty(); reached *= 256) {
    chosen = chosen * 256 + bytes_->front();
    bytes_ = bytes_->subspan(1);
  }
  return chosen % n;
}

std::string LineChoices::item() {
  switch (below(12)) {
    case 0: return std::to_string(below(600));  // integers, across 512
    case 1: return "m" + std::to_string(below(300));
    case 2: return std::string(60 + below(10), 'l');  // across 64 bytes
    case 3: return std::string(250 + below(10), 'L') + std::to_string(below(3));
    case 4:
      return one_of<std::string>({"", std::string("\0\r\n\xff", 4), " ", "-0", "01", "1e3", "inf", "nan", "3.0e3"});
    case 5: return one_of<std::string>({"9223372036854775807", "-9223372036854775808", "9223372036854775806", "10.5"});
    default: return "m" + std::to_string(below(24));
  }
}

std::string LineChoices::number() {
  switch (below(8)) {
    case 0: return one_of<std::string>({"9223372036854775807", "-9223372036854775808", "4611686018427387904", "-100"});
    case 1: return one_of<std::string>({"abc", "", "1.5", " 1", "+1", "01", "-0", "9223372036854775808"});
    default: return std::to_string(static_cast<int>(below(16)) - 5);
  }
}

std::string LineChoices::in_any_case(std::string word) {
  if (one_in(3)) {
    for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return word;
}

Words key_line(LineChoices& choices) {
  switch (choices.below(16)) {
    case 0:
    case 1: return {"DEL", choices.key()};
    case 2: return {"EXPIRE", choices.key(), "1000000"};
    case 3: return {"PERSIST", choices.key()};
    case 4: return {"RENAME", choices.key(), choices.key()};
    case 5: return {"COPY", choices.key(), choices.key(), "REPLACE"};
    case 6: return {"COPY", choices.key(), choices.key()};
    case 7: return {"SET", choices.key(), choices.item()};
    case 8: return {"SET", choices.key(), choices.item(), "GET"};
    case 9: return {"TYPE", choices.key()};
    case 10: return {"OBJECT", "ENCODING", choices.key()};
    case 11: return {"APPEND", choices.key(), "x"};
    case 12: return {"GET", choices.key()};
    case 13: return {"EXPIRE", choices.key(), "-1"};
    case 14: return {"MGET", choices.key(), choices.key()};
    default: return {"EXISTS", choices.key(), choices.key()};
  }
}

}  // namespace larder::differential
