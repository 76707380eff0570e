module example.com/etcd-build

go 1.16

require github.com/coreos/etcd v2.0.5+incompatible
