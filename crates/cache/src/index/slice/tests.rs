use super::*;

fn note(seq: i64, kind: Kind, first: i64, last: i64) -> Note {
    Note {
        seq,
        kind,
        first,
        last,
    }
}

#[test]
fn a_slice_takes_what_fits_and_goes_on_where_the_last_one_ended() {
    let notes = [
        note(7, Kind::Ticket, 3, 3),
        note(8, Kind::Message, 10, 29),
        note(9, Kind::Ticket, 3, 3),
    ];
    let all = take(&notes, &BTreeMap::new(), 100);
    assert_eq!(all.rows.len(), 21, "a row that is noted twice is read once");
    assert_eq!(all.finished, [7, 8, 9]);

    let some = take(&notes, &BTreeMap::new(), 6);
    let messages = (10..=14).map(|row| (Kind::Message, row));
    let expected: BTreeSet<_> = messages.chain([(Kind::Ticket, 3)]).collect();
    assert_eq!(some.rows, expected);
    assert_eq!(some.upto, [(7, 3), (8, 14)]);
    assert_eq!(some.finished, [7]);

    let done = BTreeMap::from([(7, 3), (8, 14)]);
    let next = take(&notes, &done, 6);
    assert_eq!(next.upto, [(7, 3), (8, 20)]);
    assert_eq!(next.rows.len(), 6);
    assert_eq!(
        next.finished,
        [7],
        "finished, and not put away before a crash"
    );
}
