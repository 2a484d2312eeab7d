# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # topology.sh and sst.sh set them
# Programs under "sstctl run", and users to whom a cgroup was given. Source it
# after sst.sh.

run_cgroups=/sys/fs/cgroup
run_user=65534

# run_delegate NAME: a cgroup that belongs to the user.
run_delegate() {
	local dir=$run_cgroups/$1
	mkdir "$dir" &&
		chown $run_user "$dir" "$dir"/cgroup.{procs,threads,subtree_control}
}

# run_as_user NAME NS COMMAND...: as that user, in a cgroup and a namespace.
run_as_user() {
	local dir=$run_cgroups/$1 netns
	netns=$(ns_name "$2")
	shift 2
	(
		echo 0 >"$dir/cgroup.procs" || exit 99
		exec nsenter --net="/run/netns/$netns" setpriv --reuid $run_user \
			--regid $run_user --clear-groups --inh-caps=-all -- "$@"
	)
}

# run_wishes NS: "VERDICT USER PATH" of each.
run_wishes() {
	in_ns "$1" -j wish show | jq -r '.wishes[] | "\(.verdict) \(.user) \(.cgroup)"'
}

# run_wishes_are NS N: for wait_for.
run_wishes_are() {
	[ "$(run_wishes "$1" | wc -l)" = "$2" ]
}

# run_left: cgroups that "sstctl run" left at the top.
run_left() {
	find "$run_cgroups" -maxdepth 1 -name 'sst-run-*' | wc -l
}
