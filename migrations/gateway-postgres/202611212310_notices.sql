create table notices (
    -- What customers were told of a parcel before they asked: each kind once for each parcel.
    shipment text not null references shipments (id),
    -- late, stalled, failed_attempt, pickup, lost
    kind text not null,
    order_id text not null references orders (id),
    customer text not null references customers (id),
    ticket text not null references tickets (id),
    message text not null,
    channel text not null,
    told_at bigint not null,
    primary key (shipment, kind)
);

create index notices_customer on notices (customer, told_at);
create index notices_order on notices (order_id, told_at);

create table notice_looks (
    -- When a parcel is looked at again if nothing is heard of it before.
    shipment text primary key not null,
    look_at bigint not null
);

create index notice_looks_due on notice_looks (look_at, shipment);

create table notice_objections (
    -- Who does not want to be told before they ask.
    customer text primary key not null references customers (id),
    objected_at bigint not null
);

-- When anything was last heard from a source.
create index shipments_heard on shipments (source, fetched_at);
