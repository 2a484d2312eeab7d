# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Completion of sstctl for bash.

_sstctl_ids() {
	sstctl "$@" flow show 2>/dev/null | sed -n 's/^flow \([0-9]*\) .*/\1/p'
}

# The words that may stand next, given the words of the command before them.
_sstctl_next() {
	local -a names=(mark-mask mark-value dscp rekey-packets rekey-seconds max-flows)
	local prev=${*: -1} w
	local -a all left=()

	case "${1-} ${2-}" in
	' ') echo flow stats set get monitor help; return ;;
	'flow ') echo add del show flush genkey help; return ;;
	'help ') echo flow stats set get monitor; return ;;
	'stats '*) echo all explain help; return ;;
	'get '*) echo "${names[@]}" flows help; return ;;
	'monitor ') echo help; return ;;
	'set '*)
		# Names and values take turns.
		if (($# % 2)); then
			echo "${names[@]}" help
		elif [ "$prev" = dscp ]; then
			echo clear keep
		fi
		return
		;;
	'flow add') all=(proto local remote wire side key scope suite) ;;
	'flow show') all=(proto local remote) ;;
	'flow flush') all=(proto) ;;
	*) return ;;
	esac

	if (($# % 2)); then
		case $prev in
		proto) echo tcp udp ;;
		side) echo 1 2 ;;
		scope) echo ports ;;
		suite) echo 1 ;;
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
	elif [ "${before[*]:0:2}" = 'flow add' ] && [ "$prev" = key ]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	else
		words=$(_sstctl_next "${before[@]+"${before[@]}"}")
		case "${before[*]:0:2}" in
		'flow del' | 'flow show')
			[ "${before[1]} ${#before[@]}" = 'show 3' ] ||
				words+=" $(_sstctl_ids "${netns[@]+"${netns[@]}"}")"
			;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _sstctl sstctl
