#include "core/model/convolution_choice.h"

#include <array>
#include <sstream>

namespace byol {
namespace {

constexpr std::array<std::pair<ConvolutionDirection, const char*>, 3> kDirections{{
    {ConvolutionDirection::Forward, "forward"},
    {ConvolutionDirection::InputGradient, "input-gradient"},
    {ConvolutionDirection::WeightGradient, "weight-gradient"},
}};
constexpr std::array<std::pair<at::ScalarType, const char*>, 2> kTypes{
    {{at::kFloat, "float32"}, {at::kBFloat16, "bfloat16"}}};
constexpr std::array<std::pair<ConvolutionForm, const char*>, 2> kForms{
    {{ConvolutionForm::Library, "library"}, {ConvolutionForm::Unfolded, "unfolded"}}};

template <typename Table, typename Value>
const char* word_of(const Table& table, Value value) {
  for (const auto& [each, word] : table) {
    if (each == value) return word;
  }
  return "?";
}

template <typename Value, typename Table>
std::optional<Value> value_of(const Table& table, const std::string& word) {
  for (const auto& [value, each] : table) {
    if (each == word) return value;
  }
  return std::nullopt;
}

// Visits the numbers of a shape with the word before each.
template <typename Shape, typename Visit>
void visit_shape(Shape& shape, const Visit& visit) {
  visit("batch", shape.batch);
  visit("in", shape.in);
  visit("height", shape.height);
  visit("width", shape.width);
  visit("out", shape.out);
  visit("kernel", shape.kernel);
  visit("stride", shape.stride);
  visit("top", shape.rows.before);
  visit("bottom", shape.rows.after);
  visit("left", shape.columns.before);
  visit("right", shape.columns.after);
}

}  // namespace

std::string to_text(const ConvolutionChoice& choice) {
  const auto& [key, form] = choice;
  std::ostringstream out;
  out << word_of(kDirections, key.direction) << ' ' << word_of(kTypes, key.type);
  visit_shape(key.shape, [&](const char* name, int64_t number) { out << ' ' << name << ' ' << number; });
  out << ' ' << word_of(kForms, form);
  return out.str();
}

std::optional<ConvolutionChoice> to_choice(const std::string& line) {
  std::istringstream in(line);
  std::string direction_word, type_word, form_word;
  in >> direction_word >> type_word;
  ConvolutionShape shape{};
  visit_shape(shape, [&](const char* name, int64_t& number) {
    std::string word;
    if (!(in >> word >> number) || word != name || number < 0) in.setstate(std::ios::failbit);
  });
  const bool whole = in >> form_word && in.peek() == std::istringstream::traits_type::eof();
  const auto direction = value_of<ConvolutionDirection>(kDirections, direction_word);
  const auto type = value_of<at::ScalarType>(kTypes, type_word);
  const auto form = value_of<ConvolutionForm>(kForms, form_word);
  if (!whole || !direction || !type || !form) return std::nullopt;
  return ConvolutionChoice{{*direction, shape, *type}, *form};
}

}  // namespace byol
