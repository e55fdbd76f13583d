// decode FILE...: what decoding JPEG photos takes and what scaling costs, as JSON. bench/decode.ts builds and runs it.

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "decode_scales.h"
#include "decode_times.h"

using bench::Bytes;
using byol::CropBox;

namespace {

constexpr int kRounds = 9;
constexpr int kScaleView = 48;  // small, so that crops of these photos reach large ratios
constexpr int kScaleCrops = 3;  // of each photo

struct Photo {
  Bytes file;
  int height, width;
};

std::vector<Photo> read(int count, char** paths) {
  std::vector<Photo> photos;
  for (int i = 0; i < count; ++i) {
    std::ifstream file(paths[i], std::ios::binary);
    Bytes bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const byol::JpegDecoder decoder(bytes, bench::kLimits);
    const auto& header = decoder.header();
    photos.push_back({std::move(bytes), static_cast<int>(header.height), static_cast<int>(header.width)});
  }
  return photos;
}

std::string spread(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  char text[120];
  std::snprintf(text, sizeof text, "{\"median\": %.5g, \"min\": %.5g, \"max\": %.5g}", values[values.size() / 2],
                values.front(), values.back());
  return text;
}

struct Way {
  const char* name;
  std::vector<double> milliseconds, ratio;  // of a photo; to djpeg's in the same round
};

// Every way in every round, so that a machine that slows down does so for all.
void measure_times(const std::vector<Photo>& photos) {
  std::mt19937 random(1);
  std::vector<std::vector<CropBox>> whole, one, two;
  for (const Photo& photo : photos) {
    whole.push_back({{0, 0, photo.height, photo.width}});
    one.push_back({bench::random_crop(photo.height, photo.width, random)});
    two.push_back({one.back()[0], bench::random_crop(photo.height, photo.width, random)});
  }
  Bytes pixels;
  const double never = 1e300;
  std::array<Way, 7> ways = {{{"djpeg", {}, {}},
                              {"whole", {}, {}},
                              {"oneCrop", {}, {}},
                              {"twoCrops", {}, {}},
                              {"half", {}, {}},
                              {"quarter", {}, {}},
                              {"eighth", {}, {}}}};
  for (int round = 0; round <= kRounds; ++round) {
    double djpeg = 0.0;
    for (size_t w = 0; w < ways.size(); ++w) {
      const double seconds = bench::seconds_of([&] {
        for (size_t i = 0; i < photos.size(); ++i) {
          const Bytes& file = photos[i].file;
          // A view of one pixel lets any crop be scaled; its ratio then says how far.
          const double side = std::min(photos[i].height, photos[i].width);
          switch (w) {
            case 0:
              bench::decode_as_djpeg(file, pixels);
              break;
            case 1:
              bench::decode_region(file, whole[i], never, pixels);
              break;
            case 2:
              bench::decode_region(file, one[i], never, pixels);
              break;
            case 3:
              bench::decode_region(file, two[i], never, pixels);
              break;
            default:
              bench::decode_region(file, whole[i], side / static_cast<double>(2 << (w - 4)), pixels, 1);
          }
        }
      });
      if (w == 0) djpeg = seconds;
      if (round == 0) continue;  // warms up
      ways[w].milliseconds.push_back(1000.0 * seconds / static_cast<double>(photos.size()));
      ways[w].ratio.push_back(seconds / djpeg);
    }
  }
  std::printf("\"times\": {");
  for (const Way& way : ways) {
    std::printf("%s\n  \"%s\": {\"milliseconds\": %s, \"ofDjpeg\": %s}", &way == ways.data() ? "" : ",", way.name,
                spread(way.milliseconds).c_str(), spread(way.ratio).c_str());
  }
  std::printf("},\n");
}

/// Crops whose scaled sides have at least `from` and less than `to` times those of the view.
struct Bin {
  double from, to;
  std::vector<double> official, antialiased;  // differences of views, in levels of 255
};

/// Of the views of a crop from the whole photo and from the scaled one.
double difference_of(const Photo& photo, const Bytes& full, const CropBox& box, int scale, bool antialias) {
  Bytes small;
  // Just this scale: half of it would be too small.
  const double ratio = std::min(box.height, box.width) * scale / 8.0 / kScaleView;
  const byol::CropRegion region = bench::decode_region(photo.file, {box}, ratio, small, kScaleView);
  const byol::CropPart crop{static_cast<double>(box.top), static_cast<double>(box.left),
                            static_cast<double>(box.height), static_cast<double>(box.width)};
  return bench::difference(
      bench::view_of(full, photo.height, photo.width, crop, kScaleView, antialias),
      bench::view_of(small, region.height, region.width, region.boxes[0], kScaleView, antialias));
}

void measure_scales(const std::vector<Photo>& photos) {
  std::map<int, std::vector<Bin>> table;
  for (const int scale : {4, 2, 1}) {
    for (const auto& [from, to] : {std::pair{1.0, 1.5}, {1.5, 2.0}, {2.0, 3.0}, {3.0, 4.0}, {4.0, 8.0}}) {
      table[scale].push_back({from, to, {}, {}});
    }
  }
  std::mt19937 random(2);
  Bytes full;
  for (const Photo& photo : photos) {
    bench::decode_region(photo.file, {{0, 0, photo.height, photo.width}}, 1e300, full);
    for (int i = 0; i < kScaleCrops; ++i) {
      const CropBox box = bench::random_crop(photo.height, photo.width, random);
      for (auto& [scale, bins] : table) {
        const double ratio = std::min(box.height, box.width) * scale / 8.0 / kScaleView;
        for (Bin& bin : bins) {
          if (ratio < bin.from || ratio >= bin.to) continue;
          bin.official.push_back(difference_of(photo, full, box, scale, false));
          bin.antialiased.push_back(difference_of(photo, full, box, scale, true));
        }
      }
    }
  }
  std::printf("\"scales\": [");
  bool first = true;
  for (const auto& [scale, bins] : table) {
    for (const Bin& bin : bins) {
      if (bin.official.size() < 5) continue;
      std::printf("%s\n  {\"eighths\": %d, \"ratioFrom\": %g, \"ratioBelow\": %g, \"crops\": %zu,", first ? "" : ",",
                  scale, bin.from, bin.to, bin.official.size());
      std::printf("\n   \"official\": %s, \"antialiased\": %s}", spread(bin.official).c_str(),
                  spread(bin.antialiased).c_str());
      first = false;
    }
  }
  std::printf("]\n");
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<Photo> photos = read(argc - 1, argv + 1);
  double bytes = 0.0, pixels = 0.0;
  for (const Photo& photo : photos) {
    bytes += static_cast<double>(photo.file.size());
    pixels += static_cast<double>(photo.height) * photo.width;
  }
  const auto count = static_cast<double>(photos.size());
  std::printf(
      "{\"photos\": %zu, \"meanBytes\": %.0f, \"meanPixels\": %.0f, \"libjpegTurbo\": \"%s\", \"rounds\": %d,\n",
      photos.size(), bytes / count, pixels / count, byol::jpeg_library_version().c_str(), kRounds);
  measure_times(photos);
  measure_scales(photos);
  std::printf("}\n");
}
