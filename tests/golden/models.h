/* Made by make_models.py. */
#include <stdint.h>
static const float golden_inputs[] = {2.76435542f, -0.607397854f, 3.21837711f, 2.92008042f, -0.4060781f, 1.61609626f, -1.20409822f, -0.528422236f, 0.850239575f, 1.16224301f, 1.98059416f, 1.16137147f};
static const float golden_scores[] = {0.480350584f, 2.03706288f, 0.0968851447f};
static const float golden_crop_outputs[] = {0.389165103f, 0.886382341f, 0.534534276f, 0.481826454f, 0.65752399f, 0.546480119f, 0.424777746f, 0.81859678f, 0.539204121f};
static const uint32_t golden_sizes[] = {832, 1216, 1024, 1024, 640, 480};
