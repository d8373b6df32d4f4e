SELECT plan FROM waybill.plans WHERE digest = $1
