from threedie.render.quality import QUALITIES, choose_quality


def test_a_setting_by_hand_makes_a_quality_of_its_own() -> None:
    assert choose_quality("fast", 16, "high") == QUALITIES["fast"]
    custom = choose_quality("fast", 8)
    assert (custom.name, custom.samples, custom.split_floor) == ("custom", 8, True)


def test_noise_that_stays_is_not_enlarged() -> None:
    assert not choose_quality("fast", denoiser="none").split_floor
