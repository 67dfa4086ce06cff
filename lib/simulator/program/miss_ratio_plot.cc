// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A curve is known by its line and its markers; colour only helps. Colours are those of M. Okabe and K. Ito (Color
// Universal Design, 2008) that show on light and on dark ground, the blue a little lighter. There are six of them, five
// kinds of lines, and eight markers, full and then hollow: so eighty policies differ. Grey and crosses are for the
// limits, which know the trace.
#include "simulator/program/miss_ratio_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

namespace larder::simulator {
namespace {

constexpr double kLeft = 74;
constexpr double kTop = 56;
constexpr double kWidth = 600;  // of what the axes enclose
constexpr double kHeight = 420;
constexpr double kPanelHeight = kTop + kHeight + 64;
constexpr double kLegendLine = 20;
constexpr double kLegendText = 52;  // right of its line

std::string at(double number) { return decimal_text(number, 1); }

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string text_at(double x, double y, std::string_view anchor, std::string_view text, std::string_view more = "") {
  return "<text x='" + at(x) + "' y='" + at(y) + "' text-anchor='" + std::string(anchor) + "'" + std::string(more) +
         ">" + escaped(text) + "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2, std::string_view kind) {
  return "<line class='" + std::string(kind) + "' x1='" + at(x1) + "' y1='" + at(y1) + "' x2='" + at(x2) + "' y2='" +
         at(y2) + "'/>\n";
}

// How a policy is drawn. Markers are as large as a circle of radius 4.
struct Style {
  std::string_view colour;
  std::string_view dashes;
  std::string_view marker;
  std::string_view ground;  // "none", "hollow" or "full": what a marker encloses
};

Style style_of(std::size_t number) {
  constexpr std::array<std::string_view, 6> kColours{"#1f83c6", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"};
  constexpr std::array<std::string_view, 5> kDashes{"none", "9 3", "2 3", "9 3 2 3", "9 3 2 3 2 3"};
  constexpr std::array<std::string_view, 8> kMarkers{"m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
                                                     "m-3.6 -3.6h7.2v7.2h-7.2z",
                                                     "m0 -4.8l4.5 8h-9z",
                                                     "m0 -5l5 5l-5 5l-5 -5z",
                                                     "m0 4.8l4.5 -8h-9z",
                                                     "m-1.4 -5h2.8v3.6h3.6v2.8h-3.6v3.6h-2.8v-3.6h-3.6v-2.8h3.6z",
                                                     "m-5 -2h10v4h-10z",
                                                     "m-2 -5h4v10h-4z"};
  return {kColours[number % kColours.size()], kDashes[number % kDashes.size()], kMarkers[number % kMarkers.size()],
          number / kMarkers.size() % 2 == 0 ? "full" : "hollow"};
}

// Of each policy, in their order.
std::vector<Style> styles_of(const SimulationResult& result) {
  constexpr Style kBelady{"#808080", "5 4", "m-3.5 -3.5l7 7m0 -7l-7 7", "none"};
  constexpr Style kBeladySize{"#808080", "2 5", "m-4.5 0h9m-4.5 -4.5v9", "none"};
  std::vector<Style> styles;
  std::size_t others = 0;
  for (std::size_t policy = 0; policy < result.rows.size() / result.capacities.size(); ++policy) {
    const std::string& name = result.rows[policy].policy;
    styles.push_back(name == "belady" ? kBelady : name == "belady-size" ? kBeladySize : style_of(others++));
  }
  return styles;
}

std::string group(const Style& style, const std::string& drawing) {
  const std::string colour(style.colour);
  return "<g fill='" + colour + "' stroke='" + colour + "'>\n" + drawing + "</g>\n";
}

std::string marker(const Style& style, double x, double y) {
  return "<path class='" + std::string(style.ground) + "' d='M" + at(x) + " " + at(y) + std::string(style.marker) +
         "'/>\n";
}

// The beginning of a curve; its points follow.
std::string curve_through(const Style& style, std::string_view element) {
  return "<" + std::string(element) + " fill='none' stroke-width='1.8' stroke-dasharray='" + std::string(style.dashes) +
         "'";
}

// What is drawn over the sizes.
struct Measure {
  double (Counts::*ratio)() const;
  std::string_view axis;
};
constexpr Measure kRequestsMissed{&Counts::miss_ratio, "miss ratio (% of requests)"};
constexpr Measure kBytesMissed{&Counts::byte_miss_ratio, "byte miss ratio (% of bytes)"};

struct Mark {
  double value;
  std::string text;
};

// 1, 2 and 5 times the powers of ten, or only these where that is too many; bytes: powers of two.
std::vector<Mark> round_marks(double low, double high, bool in_bytes) {
  constexpr std::size_t kMost = 8;
  std::vector<Mark> marks;
  if (in_bytes) {
    const auto first = static_cast<int>(std::ceil(std::log2(low) - 1e-9));
    const auto last = static_cast<int>(std::floor(std::log2(high) + 1e-9));
    const int step = std::max(1, (last - first + static_cast<int>(kMost)) / static_cast<int>(kMost));
    for (int power = first; power <= last; power += step) {
      marks.push_back({std::ldexp(1, power), size_text({std::uint64_t{1} << power, true})});
    }
    return marks;
  }
  for (const std::vector<double>& factors : {std::vector<double>{1, 2, 5}, std::vector<double>{1}}) {
    marks.clear();
    for (double ten = 1; ten <= high; ten *= 10) {
      for (const double factor : factors) {
        const double value = ten * factor;
        if (value < low * (1 - 1e-9) || value > high * (1 + 1e-9)) continue;
        marks.push_back({value, count_text(static_cast<std::uint64_t>(value))});
      }
    }
    if (marks.size() <= kMost) break;
  }
  return marks;
}

// Where no two round numbers are, the ends.
std::vector<Mark> size_marks(double low, double high, bool in_bytes) {
  std::vector<Mark> marks = round_marks(low, high, in_bytes);
  if (marks.size() >= 2) return marks;
  const std::vector<std::string> labels =
      size_labels({{static_cast<std::uint64_t>(low), in_bytes}, {static_cast<std::uint64_t>(high), in_bytes}});
  return {{low, labels[0]}, {high, labels[1]}};
}

// A round step, so that there are four to nine of them.
double ratio_step(double range) {
  for (const double step : {0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0}) {
    if (range / step <= 8) return step;
  }
  return 20;
}

class Panel {
 public:
  Panel(const TraceReport& report, std::string title, const Measure& measure, double top)
      : title_(std::move(title)),
        result_(report.result),
        measure_(measure),
        styles_(styles_of(result_)),
        top_(top + kTop) {
    low_size_ = low_ratio_ = std::numeric_limits<double>::max();
    for (const SimulationRow& row : result_.rows) {
      low_size_ = std::min(low_size_, static_cast<double>(row.capacity.number));
      high_size_ = std::max(high_size_, static_cast<double>(row.capacity.number));
      low_ratio_ = std::min(low_ratio_, percent(row));
      high_ratio_ = std::max(high_ratio_, percent(row));
    }
    step_ = ratio_step(high_ratio_ - low_ratio_);
    low_ratio_ = std::floor(low_ratio_ / step_) * step_;
    high_ratio_ = std::max(std::ceil(high_ratio_ / step_) * step_, low_ratio_ + step_);
  }

  std::string draw() const {
    std::string svg = axes();
    for (std::size_t policy = 0; policy < styles_.size(); ++policy) svg += curve(policy);
    return svg + legend();
  }

 private:
  double percent(const SimulationRow& row) const { return 100 * (row.counts.*measure_.ratio)(); }
  double x_of(double size) const {
    return kLeft + kWidth * std::log(size / low_size_) / std::log(high_size_ / low_size_);
  }
  double y_of(double ratio) const { return top_ + kHeight * (1 - (ratio - low_ratio_) / (high_ratio_ - low_ratio_)); }

  std::string axes() const {
    const bool in_bytes = result_.capacities.front().in_bytes;
    const double bottom = top_ + kHeight;
    std::string svg = text_at(kLeft, top_ - 30, "start", title_, " class='title'");
    std::string about =
        count_text(result_.requests) + " requests, " + count_text(result_.footprint.objects) + " objects";
    if (result_.footprint.bytes) about += ", " + size_text({*result_.footprint.bytes, true});
    if (result_.sampled_objects != 0) about += "; a sample of " + count_text(result_.sampled_objects) + " objects";
    svg += text_at(kLeft, top_ - 12, "start", about);
    double free_from = 0;
    for (const Mark& mark : size_marks(low_size_, high_size_, in_bytes)) {
      svg += line(x_of(mark.value), top_, x_of(mark.value), bottom, "grid");
      const double half = 4.2 * static_cast<double>(mark.text.size());  // of its width, about
      if (x_of(mark.value) - half < free_from) continue;
      svg += text_at(x_of(mark.value), bottom + 18, "middle", mark.text);
      free_from = x_of(mark.value) + half;
    }
    for (int i = 0; low_ratio_ + i * step_ < high_ratio_ + step_ / 2; ++i) {
      const double ratio = low_ratio_ + i * step_;
      svg += line(kLeft, y_of(ratio), kLeft + kWidth, y_of(ratio), "grid");
      svg += text_at(kLeft - 8, y_of(ratio) + 4, "end", decimal_text(ratio, step_ < 1 ? 1 : 0));
    }
    svg += line(kLeft, bottom, kLeft + kWidth, bottom, "axis") + line(kLeft, top_, kLeft, bottom, "axis");
    svg += text_at(kLeft + kWidth / 2, bottom + 42, "middle",
                   in_bytes ? "cache size (bytes, log scale)" : "cache size (objects, log scale)");
    const std::string turned = " transform='rotate(-90 20 " + at(top_ + kHeight / 2) + ")'";
    return svg + text_at(20, top_ + kHeight / 2, "middle", measure_.axis, turned);
  }

  std::string curve(std::size_t policy) const {
    std::vector<std::pair<double, double>> points;
    for (std::size_t row = policy; row < result_.rows.size(); row += styles_.size()) {
      points.emplace_back(x_of(static_cast<double>(result_.rows[row].capacity.number)),
                          y_of(percent(result_.rows[row])));
    }
    std::sort(points.begin(), points.end());
    std::string line = curve_through(styles_[policy], "polyline") + " points='";
    std::string markers;
    for (const auto& [x, y] : points) {
      line += at(x) + "," + at(y) + " ";
      markers += marker(styles_[policy], x, y);
    }
    return group(styles_[policy], line + "'/>\n" + markers);
  }

  std::string legend() const {
    std::string svg;
    for (std::size_t policy = 0; policy < styles_.size(); ++policy) {
      const double x = kLeft + kWidth + 24;
      const double y = top_ + 10 + kLegendLine * static_cast<double>(policy);
      svg += group(styles_[policy], curve_through(styles_[policy], "path") + " d='M" + at(x) + " " + at(y) +
                                        "h44'/>\n" + marker(styles_[policy], x + 22, y));
      svg += text_at(x + kLegendText, y + 4, "start", result_.rows[policy].policy);
    }
    return svg;
  }

  const std::string title_;
  const SimulationResult& result_;
  const Measure measure_;
  const std::vector<Style> styles_;
  const double top_;
  double low_size_ = 0;
  double high_size_ = 0;
  double low_ratio_ = 0;  // in percent
  double high_ratio_ = 0;
  double step_ = 1;
};

std::string_view base_name(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

// What the file is called; with its folders, if another one is called so, too.
std::string title_of(const TraceReport& report, const std::vector<TraceReport>& reports) {
  const bool is_shared = std::any_of(reports.begin(), reports.end(), [&](const TraceReport& other) {
    return other.name != report.name && base_name(other.name) == base_name(report.name);
  });
  return is_shared ? report.name : std::string(base_name(report.name));
}

constexpr std::string_view kStyle =
    "<style>\n"
    "text { font: 13px sans-serif; fill: #24292f; }\n"
    ".title { font-size: 16px; font-weight: bold; }\n"
    ".ground, .hollow { fill: #ffffff; } .none { fill: none; stroke-width: 1.6; } .grid { stroke: #e3e6ea; } .axis { "
    "stroke: #57606a; }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "text { fill: #e6edf3; } .ground, .hollow { fill: #16191f; } .grid { stroke: #30363d; } .axis { stroke: #8b949e; "
    "}\n"
    "}\n"
    "</style>\n";

}  // namespace

std::string not_drawable(const TraceReport& report) {
  const std::vector<Capacity>& capacities = report.result.capacities;
  const auto of_other_kind = [&](const Capacity& one) { return one.in_bytes != capacities.front().in_bytes; };
  if (std::any_of(capacities.begin(), capacities.end(), of_other_kind)) {
    return "some sizes are in objects and some in bytes, and --plot has one axis for them";
  }
  return capacities.size() < 2 ? "all sizes come to the same, and --plot wants two at least" : "";
}

std::string plot_of(const std::vector<TraceReport>& reports) {
  std::size_t longest = 0;
  std::size_t policies = 0;
  std::size_t panels = 0;
  for (const TraceReport& report : reports) {
    panels += report.result.footprint.bytes ? 2 : 1;
    policies = std::max(policies, report.result.rows.size() / report.result.capacities.size());
    for (const SimulationRow& row : report.result.rows) longest = std::max(longest, row.policy.size());
  }
  const double width = kLeft + kWidth + 24 + kLegendText + 8 * static_cast<double>(longest) + 12;
  const double panel = std::max(kPanelHeight, kTop + 20 + kLegendLine * static_cast<double>(policies));
  const double height = panel * static_cast<double>(panels);
  std::string svg = "<svg xmlns='http://www.w3.org/2000/svg' width='" + at(width) + "' height='" + at(height) +
                    "' viewBox='0 0 " + at(width) + " " + at(height) + "'>\n" + std::string(kStyle) +
                    "<rect class='ground' width='100%' height='100%'/>\n";
  double top = 0;
  for (const TraceReport& report : reports) {
    const std::string title = title_of(report, reports);
    svg += Panel(report, title, kRequestsMissed, std::exchange(top, top + panel)).draw();
    if (report.result.footprint.bytes)
      svg += Panel(report, title, kBytesMissed, std::exchange(top, top + panel)).draw();
  }
  return svg + "</svg>\n";
}

}  // namespace larder::simulator
