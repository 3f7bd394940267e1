// Three panels side by side. P^-1 is P with its axes exchanged, which is right wherever it exists.
#include "frontend/explain/Picture.h"

#include "frontend/explain/Sampler.h"

#include <algorithm>
#include <cmath>

using namespace bregman;
using namespace bregman::explain;

namespace {

constexpr int pointCount = 801;
constexpr double panelWidth = 300, panelHeight = 240, margin = 46;

struct Curve {
  std::vector<double> x, y;
  std::string colour, label;
};

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value == 0 ? 0 : value);
  return text;
}

/// One coordinate system with its curves.
class Panel {
public:
  Panel(int index, std::string title, double left, double right, double low, double high)
      : origin(margin + index * (panelWidth + margin)), left(left), right(right), low(low),
        high(high) {
    text += "<g transform=\"translate(" + number(origin) + " 40)\">\n<text x=\"" +
            number(panelWidth / 2) + "\" y=\"-12\" class=\"title\">" + title +
            "</text>\n<rect width=\"" + number(panelWidth) + "\" height=\"" + number(panelHeight) +
            "\" class=\"frame\"/>\n";
    tick(left, low, "middle", 0, 16);
    tick(right, low, "middle", 0, 16);
    tick(left, low, "end", -4, 0);
    tick(left, high, "end", -4, 8, /*ofY=*/true);
  }

  void line(double x1, double y1, double x2, double y2) {
    if (std::max(y1, y2) < low || std::min(y1, y2) > high || std::max(x1, x2) < left ||
        std::min(x1, x2) > right)
      return;
    text += "<line x1=\"" + number(across(x1)) + "\" y1=\"" + number(up(y1)) + "\" x2=\"" +
            number(across(x2)) + "\" y2=\"" + number(up(y2)) + "\" class=\"level\"/>\n";
  }

  void curve(const Curve &curve) {
    std::string path;
    bool isDown = false;
    for (size_t i = 0; i < curve.x.size(); ++i) {
      double x = curve.x[i], y = curve.y[i];
      bool visible =
          std::isfinite(x) && std::isfinite(y) && x >= left && x <= right && y >= low && y <= high;
      if (visible)
        path += (isDown ? " L" : " M") + number(across(x)) + " " + number(up(y));
      isDown = visible;
    }
    text += "<path d=\"" + path + "\" stroke=\"" + curve.colour + "\"/>\n";
  }

  std::string finish() { return text + "</g>\n"; }

private:
  double across(double x) const { return (x - left) / (right - left) * panelWidth; }
  double up(double y) const { return panelHeight - (y - low) / (high - low) * panelHeight; }
  void tick(double x, double y, const char *anchor, double dx, double dy, bool ofY = false) {
    bool onLeft = std::string(anchor) == "end";
    text += "<text x=\"" + number(across(x) + dx) + "\" y=\"" + number(up(y) + dy) +
            "\" text-anchor=\"" + anchor + "\">" + number(onLeft || ofY ? y : x) + "</text>\n";
  }

  double origin, left, right, low, high;
  std::string text;
};

/// What covers the values, with some room.
std::pair<double, double> room(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  if (values.empty())
    return {-1, 1};
  auto [low, high] = std::minmax_element(values.begin(), values.end());
  double pad = *high > *low ? 0.08 * (*high - *low) : 1;
  return {*low - pad, *high + pad};
}

} // namespace

Result<std::string> explain::draw(QuantizerOp quantizer, const Timing &timing) {
  Sampler first(quantizer, {}, {-1, 1});
  std::vector<double> levels = first.levels();
  double low = -1, high = 1;
  if (!levels.empty()) {
    low = *std::min_element(levels.begin(), levels.end());
    high = *std::max_element(levels.begin(), levels.end());
  }
  double width = high - low;
  std::vector<double> x;
  for (int i = 0; i < pointCount; ++i)
    x.push_back(low - width / 2 + 2 * width * i / (pointCount - 1));

  const char *colours[] = {"#9ecae1", "#6baed6", "#3182bd", "#08519c", "#08306b"};
  const double parts[] = {0, 0.01, 0.1, 0.3, 1};
  std::vector<Curve> values, slopes;
  double perEpoch = std::max<int64_t>(timing.stepsPerEpoch, 1);
  for (int i = 0; i < 5; ++i) {
    double step = std::floor(parts[i] * timing.steps);
    Moment moment{step, std::floor(step / perEpoch), double(timing.steps),
                  std::ceil(timing.steps / perEpoch)};
    Sampler sampler(quantizer, moment, x);
    std::vector<double> w = sampler.weights();
    if (w.empty())
      return Error{ErrorKind::Usage, "the projection of `" + quantizer.getSymName().str() +
                                         "` cannot be drawn: " + sampler.obstacle() +
                                         " has no value before a run"};
    Curve curve{x, w, colours[i], "step " + number(step)};
    if (!values.empty() && values.back().y == w)
      continue; // the schedule has not moved
    Curve slope{x, {}, colours[i], curve.label};
    for (size_t p = 0; p < x.size(); ++p) {
      size_t before = p ? p - 1 : p, after = p + 1 < x.size() ? p + 1 : p;
      slope.y.push_back((w[after] - w[before]) / (x[after] - x[before]));
    }
    values.push_back(curve);
    slopes.push_back(slope);
  }

  std::vector<double> allValues(levels), allSlopes;
  for (const Curve &curve : values)
    allValues.insert(allValues.end(), curve.y.begin(), curve.y.end());
  // The first moments show a slope's shape; a late one is a spike that would flatten them.
  for (size_t i = 0; i < std::min<size_t>(slopes.size(), 3); ++i)
    allSlopes.insert(allSlopes.end(), slopes[i].y.begin(), slopes[i].y.end());
  auto [bottom, top] = room(allValues);
  auto [flattest, steepest] = room(allSlopes);
  Panel p(0, "P(x)", x.front(), x.back(), bottom, top);
  Panel slope(1, "P'(x)", x.front(), x.back(), flattest, steepest);
  Panel inverse(2, "P^-1(w)", bottom, top, x.front(), x.back());
  for (double level : levels) {
    p.line(x.front(), level, x.back(), level);
    inverse.line(level, x.front(), level, x.back());
  }
  for (size_t i = 0; i < values.size(); ++i) {
    p.curve(values[i]);
    slope.curve(slopes[i]);
    inverse.curve({values[i].y, values[i].x, values[i].colour, ""});
  }
  std::string text = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" +
                     number(3 * panelWidth + 4 * margin) + "\" height=\"" +
                     number(panelHeight + 100) +
                     "\" font-family=\"sans-serif\" font-size=\"11\">\n<style>path{fill:none;"
                     "stroke-width:1.6}.frame{fill:none;stroke:#888}.level{stroke:#c33;"
                     "stroke-dasharray:3 3}.title{font-size:13px;text-anchor:middle}</style>\n"
                     "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" +
                     p.finish() + slope.finish() + inverse.finish();
  double at = margin;
  for (const Curve &curve : values) {
    text += "<text x=\"" + number(at) + "\" y=\"" + number(panelHeight + 82) + "\" fill=\"" +
            curve.colour + "\">" + curve.label + "</text>\n";
    at += 110;
  }
  return text + "</svg>\n";
}
