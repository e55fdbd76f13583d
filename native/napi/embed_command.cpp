#include "napi/embed_command.h"

#include "core/augment/placed_views.h"
#include "core/device/runtime.h"
#include "napi/feature_bank_wrap.h"
#include "napi/image_store_wrap.h"
#include "napi/specs.h"

namespace byol::napi {
namespace {

constexpr const char* kPath = "embed";

}  // namespace

EmbedCommand::EmbedCommand(const Napi::Value& input)
    : images_(ImageStoreWrap::get(Fields(input, kPath).value("images"), "embed.images")),
      bank_(FeatureBankWrap::get(Fields(input, kPath).value("bank"), "embed.bank")) {
  const Fields f(input, kPath);
  indices_ = f.indices("indices");
  plan_ = to_floats(f.value("plan"), f.path_of("plan"), indices_.size(), kPlanColumns);
  view_ = read_view_spec(f.object("view"));
  statistics_ = f.choice<EmbedStatistics>("statistics",
                                          {{"running", EmbedStatistics::Running}, {"batch", EmbedStatistics::Batch}});
  offset_ = f.integer("offset", 0, kLargestIndex);
}

at::Tensor EmbedCommand::views(at::ScalarType dtype, at::Device device) const {
  return execute_plan_on(use_device(device), *images_, indices_, plan_.data(), view_, dtype);
}

void EmbedCommand::write(const at::Tensor& rows) const {
  bank_->write(offset_, rows, images_->labels_of(indices_));
}

}  // namespace byol::napi
