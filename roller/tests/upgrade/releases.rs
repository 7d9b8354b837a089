//! Releases and levels.

use kfleet_roller::upgrade::feature::{ELR_VERSION, METADATA_VERSION, level_text, lowest_way_back};
use kfleet_roller::upgrade::release::Release;

#[test]
fn releases_have_names_and_patch_levels() {
    for release in Release::ALL {
        assert_eq!(Release::parse(release.name()), Ok(release));
    }
    assert_eq!(Release::parse("4.3.1"), Ok(Release::V4_3));
    assert_eq!(Release::parse("3.9.12"), Ok(Release::V3_9));
    for wrong in [
        "", "4", "4.4", "4.30", "4.3.", "4.3.x", "4.3-IV0", "kfleet.1", "v4.3", "3.8",
    ] {
        assert!(Release::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_a_release_comes_with_it_supports_and_so_do_later_ones() {
    for feature in Release::features() {
        for pair in Release::ALL.windows(2) {
            let (old, new) = (pair[0], pair[1]);
            let range = new.range(feature);
            assert!(range.min <= new.default_level(feature) && new.default_level(feature) <= range.max);
            assert!(old.range(feature).max <= range.max, "{feature} of {}", new.name());
            assert!(old.default_level(feature) <= new.default_level(feature));
            let is_with_elr = feature == ELR_VERSION && new.default_level(feature) > 0;
            assert!(!is_with_elr || new.default_level(METADATA_VERSION) >= 23);
        }
    }
    assert_eq!(Release::V4_1.range("share.version").max, 1, "a preview");
    assert_eq!(Release::V4_1.default_level("share.version"), 0);
    assert_eq!(Release::V3_9.range("no.such.feature").max, 0);
}

#[test]
fn the_way_back_ends_where_records_changed() {
    // As `MetadataVersion.checkIfMetadataChanged` has it: 4.3 to 4.2 no, 4.2 to 4.0-IV1 yes, 4.0 to 3.9 no, 3.9 to 3.7-IV2 yes.
    assert_eq!(lowest_way_back(30), 30);
    assert_eq!(lowest_way_back(29), 23);
    assert_eq!(lowest_way_back(25), 23);
    assert_eq!(lowest_way_back(21), 17);
    assert_eq!(level_text(METADATA_VERSION, 30), "30 (4.3-IV0)");
    assert_eq!(level_text(METADATA_VERSION, 21), "21 (3.9-IV0)");
    assert_eq!(level_text(METADATA_VERSION, 99), "99");
    assert_eq!(level_text("group.version", 1), "1");
}
