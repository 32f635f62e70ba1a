# `--help` 与手册页：键名由命令和参数组成。

help-heading-usage = 用法：
help-heading-commands = 命令
help-heading-arguments = 参数
help-heading-options = 选项
help-heading-global = 所有命令的选项

help = 查看、收集并安全删除保存在火山方舟上的模型响应与文件
help-after = 不带命令时打开终端界面（需要终端）。没有密钥也可以用 `arkdeck demo` 体验。
    { "" }
    环境变量：ARK_API_KEY（密钥）、ARK_BASE_URL、ARKDECK_PROFILE、ARKDECK_DATA_DIR、ARKDECK_CONFIG、ARKDECK_CONFIRM、ARKDECK_LOG、NO_COLOR，以及常用的代理变量。命令行优先于环境变量，环境变量优先于配置文件。
    { "" }
    退出码：0 全部如愿 · 1 有项目失败、被拒绝或未定 · 2 用法错误 · 3 在发送任何内容之前被拒绝 · 130 被中断。
help-global-profile = 使用的配置：基础 URL、密钥来源和特性，来自配置文件
help-global-base-url = 服务的地址，一直到 /api/v3
help-global-data-dir = 台账所在的目录
help-global-config = 配置文件
help-global-read-only = 不发送任何会改变内容的请求，也不改动台账
help-global-lang = 消息与帮助的语言 [默认：系统语言]
help-global-verbose = 在数据目录中写日志；其中绝不会有密钥。`add` 还会说明每个 ID 出现在何处
help-global-help = 显示帮助
help-global-version = 显示版本

help-demo = 用本进程内的模拟服务和一次性台账打开终端界面
help-demo-responses = 响应的数量
help-demo-files = 文件的数量
help-demo-latency = 每次应答的耗时，单位毫秒
help-demo-rate-limit = 每种调用每秒接受多少请求，超过则应答 429
help-demo-fail = 每 100 个请求中失败多少个

help-emulate = 在本机运行方舟的替身；打印的第一行是它的基础 URL
help-emulate-listen = 地址和端口；端口 0 表示任选空闲端口 [默认：127.0.0.1:0]
help-emulate-api-key = 唯一接受的密钥；不给出则接受任何密钥
help-emulate-responses = 启动时有多少个响应 [默认：0]
help-emulate-files = 启动时有多少个文件 [默认：0]
help-emulate-latency = 每次应答的耗时，单位毫秒
help-emulate-rate-limit = 每种调用每秒接受多少请求，超过则应答 429
help-emulate-fail = 每 100 个请求中失败多少个

help-add = 跟踪 ID：把它们放入台账
help-add-ids = 要跟踪的 ID
help-add-from = 文件、文件夹（包含其中的全部内容），或形如 'logs/*.gz' 的模式；- 表示标准输入
help-add-kind = 从前缀看不出类型的 ID 是什么
help-add-tag = 给它们加上的标签，便于以后筛选
help-add-after = 打印新增的 ID。没有给出 ID 和 --from 时，读取管道传入的内容。文件大小不限，可以用 gzip 或 zstd 压缩。
    { "" }
    如果文件的每一行都是单个词，或者有一半的行是 ID，它就是列表：其中的 ID 可以是任意形式，不是 ID 的行会逐一指出。其他文件（日志、JSON、HAR 文件、命令行历史）则只查找方舟自身形式的 ID。记录下来的 JSON 对某个 ID 的说明会保留，但不覆盖已知的内容。

help-list = 列出台账中的内容
help-list-kind = 只列出这一种
help-list-filter = 只列出匹配的项目：单词，或 state:failed age>3d size>10MB -tag:keep 这样的条件
help-list-all = 也列出已删除、已不存在和已过期的
help-list-output = 输出方式 [默认：table]
help-list-after = json、jsonl 和 csv 的字段及其顺序相同，见 README。时间为 RFC 3339；未知的值为 null，在 csv 中为空。id 每行输出一个 id，可交给 xargs。

help-show = 显示一个资源，尽可能向服务查询
help-show-id = 哪一个
help-show-kind = 从前缀看不出类型时，它是什么
help-show-output = 输出方式；json 中的 raw 是服务返回的原对象 [默认：table]

help-sync = 把服务器的文件列表同步到台账
help-sync-responses = 同时重新查询每个已跟踪的响应

help-upload = 上传文件，并记下它们的 ID
help-upload-files = 要上传的文件，每个最大 512 MiB
help-upload-purpose = 用途，用服务的说法 [默认：user_data]
help-upload-expire-at = 服务何时删除它：日期或时间（UTC），从现在起 1 到 30 天
help-upload-expires-in = 保存多久：1d 到 30d [默认：由服务决定，一周]
help-upload-tag = 为所有文件加上的标签，便于以后筛选
help-upload-output = 如何输出每个文件的结果 [默认：table]
help-upload-after = 逐个上传；Ctrl-C 停止。服务可能已收下的文件绝不再次发送：没有明确答复时报告为未明，`arkdeck sync` 可显示它是否存在。

help-delete = 在服务上删除响应和文件
help-delete-ids = 要删除的 ID；- 表示从标准输入读取，每行一个
help-delete-kind = 从前缀看不出类型的 ID 是什么
help-delete-filter = 改为删除匹配的项目，写法与 `list --filter` 相同
help-delete-free = 删除文件，直到腾出这么多空间，例如 5GB；与 --filter 一起用时只删匹配的文件
help-delete-oldest = 从最早的开始；这是默认值
help-delete-largest = 从最大的开始
help-delete-dry-run = 只打印会删除什么，不做删除
help-delete-yes = 不再询问
help-delete-concurrency = 同时进行的请求数
help-delete-rate = 每种资源每秒的请求数
help-delete-max = 超过这个数量就拒绝删除
help-delete-verify = 再查询每一项，服务查不到时才算已删除
help-delete-output = 逐项结果的输出方式 [默认：table]
help-delete-after = 删除无法撤销。每个请求在发送之前都已落盘，被中断的运行可以用 `arkdeck resume` 核实。没有终端时需要 --yes；对受保护的配置还需要 ARKDECK_CONFIRM=<项目数量>。

help-plan = 把将要删除的内容写入文件以供审阅；不做删除
help-plan-ids = 要删除的 ID；- 表示从标准输入读取，每行一个
help-plan-kind = 从前缀看不出类型的 ID 是什么
help-plan-filter = 改为计划删除匹配的项目，写法与 `list --filter` 相同
help-plan-free = 删除文件，直到腾出这么多空间，例如 5GB；与 --filter 一起用时只删匹配的文件
help-plan-oldest = 从最早的开始；这是默认值
help-plan-largest = 从最大的开始
help-plan-out = 要写入的文件；已存在的文件保持原样
help-plan-after = 文件是 JSON，每行一项。在 `arkdeck apply` 之前可以划去项目；添加或修改过的会被拒绝。

help-apply = 删除计划中列出的项目，除此之外什么都不删
help-apply-file = `arkdeck plan` 写出的计划文件
help-apply-max-age = 拒绝更旧的计划，例如 12h 或 30d [默认：7d]
help-apply-yes = 不再询问
help-apply-concurrency = 同时进行的请求数
help-apply-rate = 每种资源每秒的请求数
help-apply-max = 超过这个数量就拒绝删除
help-apply-verify = 再查询每一项，服务查不到时才算已删除
help-apply-output = 逐项结果的输出方式 [默认：table]
help-apply-after = 现在也匹配计划的过滤条件、但不在计划中的项目会保留。属于其他配置或其他基础 URL 的计划会被拒绝。确认方式和退出码与 `delete` 相同。

help-forget = 只从台账中移除 ID；不会删除服务上的任何内容
help-forget-ids = 要移除的 ID
help-forget-kind = 从前缀看不出类型的 ID 是什么

help-protect = 防止 ID 被删除：无论谁要求，任何批次都不会包含它们
help-protect-ids = 要保护的 ID；台账中没有的会先加入
help-protect-kind = 从前缀看不出类型的 ID 是什么

help-unprotect = 允许再次删除 ID
help-unprotect-ids = 要解除保护的 ID
help-unprotect-kind = 从前缀看不出类型的 ID 是什么

help-tag = 为台账中的内容写上标签和备注；不发送任何内容
help-tag-ids = 要写上的对象；台账中没有的会被加入
help-tag-kind = 前缀看不出类型的 ID 是什么；与 --filter 一起用时只限该类型
help-tag-filter = 改为写在所有匹配项上，同 `list --filter`
help-tag-add = 要加上的标签：最多 64 个字符，不含空格
help-tag-remove = 要去掉的标签
help-tag-note = 备注内容，最多 1000 个字符；会取代原有备注，空备注表示去掉
help-tag-after = 筛选可以找到它们：tag:标签、note:文字，普通词也会匹配两者。输出现已如此的 ID。

help-resume = 核实上一次运行已发送但没有等到应答的项目
help-resume-output = 逐项结果的输出方式 [默认：table]

help-history = 说明要求删除了什么、何时发送、得到什么应答
help-history-id = 只看这个 ID
help-history-kind = 只看响应或文件
help-history-filter = 只看 ID、名称、错误码、消息或请求 ID 中含有全部这些单词的记录
help-history-outcome = 只看 deleted、gone、refused、failed、cancelled 或 unsettled
help-history-batch = 只看这个批次
help-history-since = 只看此后的记录：12h 或 3d 之前、日期或时间（UTC）
help-history-check = 改为从头到尾核对哈希链，并说明它是否完整
help-history-purge-older-than = 改为清除早于某个时长（如 90d）的记录以及同期的墓碑
help-history-yes = 不再询问
help-history-output = 输出方式 [默认：table]
help-history-after = 最新的在前。每条记录都以哈希与前一条相连，因此任何更改、删除或添加都会被发现；此时 --check 以 1 退出。清除之后链仍然完整，并留有一条说明清除的记录。

help-doctor = 检查设置、台账、终端、密钥和服务，并说明该怎么办
help-doctor-probe = 每种类型删除一个虚构的 ID，以了解服务如何表示“没有这个 ID”

help-config = 配置文件与生效的设置
help-config-path = 打印它的位置
help-config-init = 创建一份，其中说明每项设置
help-config-show = 打印生效的设置及其来源
help-config-check = 查找其中的错误

help-completions = 打印某个 shell 的补全脚本
help-completions-shell = 哪个 shell

help-man = 打印手册页
help-man-command = 该命令的手册页 [默认：整个程序的]
