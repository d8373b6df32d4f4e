SELECT lane, queue, kind FROM waybill.lanes
