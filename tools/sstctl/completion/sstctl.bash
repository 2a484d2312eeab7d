# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Completion of sstctl for bash.

# _sstctl_things KIND [OPTION...]: the ids of flows, rules or associations, the
# names of peers or host keys.
_sstctl_things() {
	local kind=$1
	shift
	sstctl "$@" "$kind" show 2>/dev/null | sed -n "s/^$kind \([^ ]*\) .*/\1/p"
}

# What may stand next after "policy add", where the verdict has no value.
_sstctl_rule() {
	local prev=${*: -1} w
	local -a all=(to proto port uid cgroup scope mark priority peer) left=()

	case ${1-}:$prev in
	:*) echo out in help; return ;;
	*:proto) echo tcp udp; return ;;
	*:scope) echo ports payload label; return ;;
	*:mark) echo all openings; return ;;
	*:to | *:from | *:port | *:uid | *:cgroup | *:priority | *:peer) return ;;
	in:*) all[0]=from ;;
	esac
	for w in "${all[@]}"; do
		[[ " $* " = *" $w "* ]] || left+=("$w")
	done
	if [[ ! " $* " =~ \ (clear|prefer|require)\  ]]; then
		left+=(clear require)
		[ "$1" = in ] || left+=(prefer)
	fi
	echo "${left[@]}"
}

# The words that may stand next, given the words of the command before them.
_sstctl_next() {
	local -a names=(mark-mask mark-value dscp rekey-packets rekey-seconds
		max-flows opening-window max-half-open cookies init-from
		assoc-lifetime wire-port max-assocs)
	local prev=${*: -1} w
	local -a all left=() command=("${@:1:2}")
	local -a commands=(show genpsk genkey pubkey host peer policy apply explain run
		wish assoc flow stats set get monitor top doctor shutdown sockopt)

	case "${1-} ${2-}" in
	' ')
		echo "${commands[@]}" help
		return
		;;
	'host ' | 'peer ') echo add del show help; return ;;
	'run ') echo --require --prefer help; compgen -c; return ;;
	'sockopt ') echo show attach detach help; return ;;
	'sockopt '*) compgen -d /sys/fs/cgroup/; return ;;
	'wish ') echo show help; return ;;
	'assoc ') echo show flush help; return ;;
	'policy ') echo add del show flush help; return ;;
	'flow ') echo add del show flush genkey help; return ;;
	'help ') echo "${commands[@]}"; return ;;
	'stats '*) echo all explain help; return ;;
	'get '*) echo "${names[@]}" flows assocs help; return ;;
	'show ') echo --config help; return ;;
	'explain ') echo out in tcp udp help; return ;;
	'explain out' | 'explain in')
		(($# > 2)) || { echo tcp udp; return; }
		command+=("$3")
		all=(to port uid cgroup)
		[ "$2" = out ] || all[0]=from
		;;
	'explain '*) all=(to port uid cgroup) ;;
	'genpsk ' | 'genkey ' | 'pubkey ' | 'shutdown ')
		echo help
		return
		;;
	'monitor '*)
		case $prev in
		event) echo flow-opened flow-confirmed flow-closed flow-rotated \
			flow-exhausted auth-failed ;;
		proto) echo tcp udp ;;
		time) echo utc local none ;;
		flow | local | remote | peer) ;;
		*) echo event flow proto local remote peer time help ;;
		esac
		return
		;;
	'top '*)
		case $prev in
		sort) echo rate tx rx packets age idle ;;
		count | rows | interval) ;;
		*)
			for w in batch count rows interval sort; do
				[[ " $* " = *" $w "* ]] || left+=("$w")
			done
			echo "${left[@]}" help
			;;
		esac
		return
		;;
	'doctor '*)
		case "${2-}:$prev" in
		*:key | *:port) ;;
		:doctor) echo key probe help ;;
		probe:probe) echo help ;;
		probe:*) (($# > 3)) || echo port ;;
		*) echo key ;;
		esac
		return
		;;
	'set '*)
		# Names and values take turns.
		if (($# % 2)); then
			echo "${names[@]}" help
			return
		fi
		case $prev in
		dscp) echo clear keep ;;
		cookies) echo off load always ;;
		init-from) echo anyone listed nobody ;;
		wire-port) echo any ;;
		esac
		return
		;;
	'policy add') _sstctl_rule "${@:3}"; return ;;
	'policy flush') (($# > 2)) || echo out in help; return ;;
	'peer add')
		# Here the name comes before the words.
		(($# > 2)) || return
		command+=("$3")
		all=(address psk public-key wire-port identity)
		;;
	'host add')
		(($# > 2)) || return
		command+=("$3")
		all=(key)
		;;
	'flow add') all=(proto local remote wire side key scope suite) ;;
	'flow show') all=(proto local remote) ;;
	'flow flush') all=(proto) ;;
	*) return ;;
	esac

	# After the one or two words of the command come words and values in turns.
	if ((($# - ${#command[@]}) % 2)); then
		case $prev in
		proto) echo tcp udp ;;
		side) echo 1 2 ;;
		scope) echo ports payload ;;
		suite) echo 1 ;;
		identity) echo none offer required ;;
		esac
		return
	fi
	# Each word may stand once.
	for w in "${all[@]}"; do
		[[ " $* " = *" $w "* ]] || left+=("$w")
	done
	echo "${left[@]}" help
}

_sstctl() {
	# Not COMP_WORDS: there an ADDRESS:PORT is cut into three.
	local line=${COMP_LINE:0:COMP_POINT} cur='' prev words i
	local -a all netns=() before=()

	read -ra all <<<"$line"
	if [[ $line != *[[:space:]] ]]; then
		cur=${all[-1]}
		unset 'all[-1]'
	fi
	prev=${all[-1]}
	for ((i = 1; i < ${#all[@]}; i++)); do
		case ${all[i]} in
		-n | --netns)
			if ((i + 1 == ${#all[@]})); then
				words=$(ip netns list 2>/dev/null | cut -d ' ' -f 1)
				mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
				return
			fi
			i=$((i + 1))
			netns=(-n "${all[i]}")
			;;
		-?*) [ "${#before[@]}" -eq 0 ] || before+=("${all[i]}") ;;
		*) before+=("${all[i]}") ;;
		esac
	done

	if [ "${#before[@]}" -eq 0 ] && [[ $cur = -* ]]; then
		words='-n -4 -6 -j -p -V -h --netns --json --pretty --version --help'
	elif [ "${before[*]:0:2} $prev" = 'flow add key' ] ||
		[ "${before[*]:0:2} $prev" = 'peer add psk' ] ||
		[ "${before[*]:0:2} $prev" = 'host add key' ] ||
		[ "${before[0]-} $prev" = 'doctor key' ] ||
		[[ ${before[0]-} = genpsk && ${#before[@]} -lt 3 ]] ||
		[ "${before[*]}" = apply ]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	else
		words=$(_sstctl_next "${before[@]+"${before[@]}"}")
		case "${before[*]:0:2}" in
		'flow del' | 'flow show' | 'host del' | 'host show' | 'peer del' | \
			'peer show' | 'policy del' | 'policy show' | 'assoc show')
			[[ ${before[1]} = show && ${#before[@]} -gt 2 ]] ||
				words+=" $(_sstctl_things "${before[0]}" "${netns[@]+"${netns[@]}"}")"
			;;
		'doctor probe')
			[ "$prev" != probe ] ||
				words+=" $(_sstctl_things peer "${netns[@]+"${netns[@]}"}")"
			;;
		'policy add')
			[ "$prev" != peer ] ||
				words=$(_sstctl_things peer "${netns[@]+"${netns[@]}"}")
			;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _sstctl sstctl
