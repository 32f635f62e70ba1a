# 各命令的提示文字。供脚本使用的结果不在这里：它们在任何语言下都相同。

failure-needs-terminal = 界面需要终端；`arkdeck --help` 列出不需要终端的命令
failure-keys = 无法使用 { $path } 中的按键设置：{ $error }
failure-output = 结果无法写出：{ $error }
failure-ledger = 台账无法使用：{ $error }
failure-signals = 无法接收信号，因此什么都没有发送：{ $error }
note-returned = 上一次运行在全部发出之前结束；从未发出：{ $count } 项。只有再次 `delete` 才会发出；用 `arkdeck history --batch { $batch } --outcome cancelled -o id` 列出。
note-recovered = 上一次运行在删除途中结束；未定：{ $count } 项。运行 `arkdeck resume` 来核实。

# 设置
config-no-home = 没有主目录；请用 --config 和 --data-dir 指定位置
config-unreadable = 无法读取 { $path }：{ $error }
config-unwritable = 无法写入 { $path }：{ $error }
config-exists = { $path } 已存在，保持不变
config-syntax = { $place }：{ $error }
config-value = { $place }：{ $name } 应为{ $allowed }
config-base-url = 来自 { $origin } 的基础 URL 无法使用：基础 URL { $allowed }
config-no-such-profile = 没有名为“{ $name }”的配置（{ $origin }）；现有：{ $known }
config-out-of-range = { $min } 到 { $max } 之间的数字
config-not-a-rate = 大于 0 且不超过 100000 的每秒请求数，或 "unlimited"
config-not-a-size = 大小（如 "20GB"）或 "unlimited"
config-unknown-lang = "en" 或 "zh-CN"
config-two-key-sources = 与 key_env 二选一的设置，不能同时给出
config-empty-command = 程序及其参数，例如 ["pass", "show", "ark"]
config-not-a-variable = 环境变量的名称（字母、数字、_），而不是密钥本身
config-profile-name = 1 到 64 个字母、数字、`.`、`_` 或 `-` 组成的名称
config-not-a-code = 由字母、数字、`.`、`_` 和 `-` 组成的错误码，最多在一端带一个 `*`
config-url-not-a-url = 应为完整的 URL，例如 https://ark.cn-beijing.volces.com/api/v3
config-url-scheme = 应以 https:// 开头（本机可用 http://）
config-url-credentials = 不能包含用户名或密码
config-url-query = 不能包含 ? 或 #
config-fine = { $path }：没有错误
config-absent = { $path } 不存在，因此全部使用默认设置。`arkdeck config init` 可以创建它。
config-column-name = 设置
config-column-value = 值
config-column-origin = 来源
config-unlimited = 不限
config-key-set = 已设置
config-key-bad = 已设置，但不是密钥
config-key-not-set = 未设置
config-key-command = 由程序提供，此时不运行
origin-file = 配置文件第 { $line } 行
origin-locale = 系统语言
origin-default = 默认

# 密钥与客户端
key-not-set = 没有 API 密钥：{ $name } 未设置。请在 https://console.volcengine.com/ark/region:ark+cn-beijing/apiKey 创建密钥并放入 { $name }。
key-bad-variable = 没有 API 密钥：{ $name } 中不是密钥：{ $error }
key-cannot-run = 没有 API 密钥：无法运行 { $program }：{ $error }
key-failed = 没有 API 密钥：{ $program } 失败（{ $status }）
key-bad-output = 没有 API 密钥：{ $program } 没有输出密钥：{ $error }
key-empty = 内容为空
key-not-header-text = 含有密钥中不会出现的字符
client-plain-http = 密钥会以明文发送到 { $host }。请使用 https://，或为该配置设置 allow_plain_http。
client-tls = 无法建立安全连接：{ $error }
client-other = 基础 URL 无法使用：{ $error }

# ID 与筛选
ids-need-kind = 从 { $id } 看不出是响应还是文件：请加上 --kind
filter-error = --filter 第 { $from }–{ $to } 个字符：{ $error }
filter-empty = 空的筛选等于全部：请写明要哪些；若真要全部，请分别用 kind:response 和 kind:file

# add
add-nothing = 没有要添加的内容：请给出 ID、--from 文件，或通过管道传入列表
add-stdin = 标准输入
add-known = { $id } 已在台账中
add-unreadable = 无法读取{ $name }：{ $error }
add-line-too-long = 这一行太长，没有查看
add-doubted = 有 { $count } 个已有的 ID 在记录中显示已删除，状态保持不变；可用 arkdeck show ID 或 arkdeck sync --responses 向服务查询。
add-give-kind = 如果从 ID 看不出类型，请用 --kind response 或 --kind file 指明。
add-stopped = 已中断：目前找到的都已在台账中。

# list
listing-column-id = ID
listing-column-kind = 类型
listing-column-state = 状态
listing-column-created = 创建时间
listing-column-expires = 过期时间
listing-column-size = 大小
listing-column-name = 名称或模型
listing-column-tags = 标签
listing-never = 永不
listing-protected = { $state }，受保护

# show
show-from-ledger = 以下内容来自台账。
show-id = ID
show-kind = 类型
show-state = 状态
show-name = 名称
show-model = 模型
show-size = 大小
show-type = 格式
show-status = 服务状态
show-error = 错误
show-purpose = 用途
show-created = 创建时间
show-expires = 过期时间
show-previous = 接续
show-usage = 用量
show-usage-tokens = 共 { $total } 个 token：输入 { $input }（缓存 { $cached }），输出 { $output }
show-cited-by = 被引用于
show-tags = 标签
show-note = 备注
show-source = 来源
show-tracked = 跟踪起始
show-answer = 最近的应答

# sync
sync-progress = 第 { $pages } 页，{ $seen } 个文件
sync-files = 服务器上有{ $seen } · 新增：{ $new } · 已不存在：{ $gone } · 处理失败：{ $failed } · 处理停滞：{ $stuck }
sync-skipped = 无法识别为文件的条目：{ $count }。
sync-incomplete = 列表不完整，因此没有把任何文件视为已不存在。
sync-responses = 已刷新{ $fresh } · 已不存在：{ $gone } · 失败：{ $failed }

# delete、resume
delete-nothing = 没有要删除的内容：请给出 ID、用 - 从标准输入读取列表，或使用 --filter
delete-too-many = 选中了 { $count } 项，而上限是 { $limit } 项；什么都没有发送
delete-totals = { $responses }和{ $files }（{ $size }）{ $dependents ->
    [0] 。
   *[other] ；保留但接续其中之一的响应：{ $dependents }。
}
delete-dry-run = 没有删除任何内容。
delete-more = ……以及另外 { $count } 项
delete-unknown = 台账中没有
delete-where = 配置 { $profile }，{ $host }
delete-ask = 确定删除吗？此操作无法撤销。y 或 n：
delete-ask-number = 确定删除吗？此操作无法撤销。请输入项目数量（{ $count }）以继续：
delete-declined = 未确认；什么都没有发送
delete-needs-yes = 此处无法询问；请用 --yes 确认
delete-not-enough = 使用 --yes 时要么按要求的数量删除，要么什么都不删：请要求少一些，或不加 --yes 查看；什么都没有发送
delete-needs-confirm = 该配置受保护，而此处无法询问：请用 ARKDECK_CONFIRM={ $count } 确认
delete-protected = 受保护，因此没有发送；`arkdeck unprotect` 可解除保护
delete-left-out = 受保护而未列入：{ $count } 项。
delete-cited = 被保留的响应引用、其后续对话可能仍需要的文件：{ $files }。
resume-nothing = 没有未定的项目。
work-stopping = 正在停止：等待已发送的请求。再按一次 Ctrl-C 立即离开。
work-halted = 已停止：{ $reason }
work-journal = 日志无法写入，因此不再发送：{ $error }
work-progress = { $done } / { $total } · 每秒 { $rate }
work-left = 剩余 { $span }
work-throttled = 限流 { $span }：{ $reason }
work-waiting = { $span } 后重试：{ $reason }
work-count = { $outcome }：{ $count }
work-unsettled = 已发送但没有应答的项目为未定。运行 `arkdeck resume` 来核实。

# plan、apply
plan-exists = { $file } 已存在，不会覆盖
plan-unwritable = 无法写入 { $file }：{ $error }
plan-skipped = 未列入（已不存在或现在不能删除）：{ $count } 项。
plan-made = 没有删除任何内容。`arkdeck apply { $file }` 会删除这 { $count } 项；在此之前可以从文件中划去项目，但不能添加。
apply-unreadable = 无法读取 { $file }：{ $error }
apply-malformed = { $file } 不是计划文件：{ $error }；什么都没有发送
apply-newer = { $file } 是格式 { $found } 的计划，此版本的 Arkdeck 不认识；什么都没有发送
apply-edited = { $file }：{ $id } 是在计划生成之后添加或修改的；什么都没有发送
apply-elsewhere = 该计划属于配置 { $profile }（{ $host }），而当前是 { $current }（{ $here }）；什么都没有发送
apply-ahead = 该计划的生成时间 { $at } 晚于本机时钟；什么都没有发送
apply-stale = 该计划已有 { $age }，超过上限 { $limit }（--max-age）；什么都没有发送
apply-struck = 计划生成后被划去：{ $count } 项。

# upload
upload-done = 已上传
upload-in-doubt = 未明
upload-not-begun = 未开始
upload-sent = { $sent }，共 { $bytes }
upload-waiting = 正在重试：{ $reason }

# tag
tag-no-change = 没有要更改的内容：请给出 --add、--remove 或 --note
tag-nothing = 没有要标记的内容：请给出 ID 或 --filter

# forget
forget-pending = 正在删除，因此保留
forget-unknown = 台账中没有它

# protect、history
protect-pending = 正在删除，因此保持不变
history-column-time = 时间
history-column-batch = 批次
history-column-outcome = 结果
history-column-id = ID
history-column-answer = 名称与应答
history-pending = 进行中
history-whole = 哈希链完整：{ $count } 条记录（此前已清除：{ $purged } 条）。
history-broken = 从第 { $seq } 条记录起，历史与写入时不符。
history-ask = 要清除 { $time } 之前的全部历史和墓碑吗？此操作无法撤销。y 或 n：
history-declined = 未确认；什么都没有清除
history-purged = 已清除：{ $entries } 条记录，{ $tombstones } 个墓碑

# emulate、man
emulate-failed = 无法启动模拟器：{ $error }
emulate-running = 模拟器正在运行。按 Ctrl-C 结束。
man-no-command = 没有命令 { $name }

# doctor
doctor-ok = 正常
doctor-warn = 注意
doctor-fail = 失败
doctor-config = 设置
doctor-config-file = { $path }，配置 { $profile }
doctor-config-defaults = 没有 { $path }：使用默认设置，配置 { $profile }
doctor-ledger = 台账
doctor-ledger-fine = { $path }：{ $responses }，{ $files }
doctor-ledger-unsettled = { $path }：{ $responses }，{ $files }，未定：{ $unsettled }。运行 `arkdeck resume` 来核实。
doctor-terminal = 终端
doctor-terminal-none = 此处没有终端：命令可用，界面不可用
doctor-terminal-no-size = 无法得知终端大小
doctor-terminal-small = { $size }，{ $term }，{ $colours }：小于 80×24，部分内容不会显示
doctor-terminal-not-utf8 = { $size }，{ $term }，{ $colours }：区域设置不是 UTF-8；请设置 LANG，例如 C.UTF-8
doctor-terminal-fine = { $size }，{ $term }，{ $colours }，UTF-8
doctor-colours-off = 无颜色（NO_COLOR）
doctor-colours-some = 索引颜色
doctor-colours-true = 真彩色
doctor-key = 密钥
doctor-key-unknown = 设置有误，无法得知
doctor-key-variable = { $source } 已设置
doctor-key-command = 由 { $source } 提供
doctor-service = 服务
doctor-service-fine = { $url } 用此密钥可以列出文件
doctor-service-bad = { $url }：{ $reason }。{ $advice }
doctor-advice-key = 请检查密钥是否完整、是否过期、是否属于该主机上的项目。
doctor-advice-network = 请检查网络、代理变量和主机名。
doctor-advice-code = 服务理解了请求但拒绝执行；原因见其错误码和说明。
doctor-advice-later = 服务可以访问；请稍后再试。
doctor-advice-url = 请检查基础 URL；订阅套餐的入口没有文件接口，也会这样应答。
doctor-probe = 探测
doctor-probe-gone = { $kind }：对虚构的 ID 应答 { $status } { $code }，已知其含义是“没有这个 ID”
doctor-probe-deleted = { $kind }：对从未存在的 ID 也说“已删除”，因此它的话不能证明什么
doctor-probe-unlisted = { $kind }：对虚构的 ID 应答 { $status } { $code }。如果其含义是“没有这个 ID”，请在配置中加入：not_found_codes = ["{ $code }"]
doctor-probe-unclear = { $kind }：没有得到结论：{ $reason }
doctor-probe-read-only = 跳过：只读
